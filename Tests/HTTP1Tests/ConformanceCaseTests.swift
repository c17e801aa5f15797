import Bytes
import FoundationEssentials
import HTTP1
import Support
import Testing

/// One line of `http1-cases.jsonl`: what a client sends, what a scripted origin answers, and what may come of it.
private struct ConformanceCase: Decodable {
    struct Step: Decodable {
        /// Text to send at once, or byte by byte.
        var d: String?
        var drip: String?
    }

    struct Script: Decodable {
        var steps: [Step]
    }

    struct Allowed: Decodable {
        /// One set of statuses for each final answer.
        var st: [[Int]]
        /// Whether the last answer must look whole.
        var complete: Bool?
    }

    var id: String
    var cat: String
    var send: [Step]
    var methods: [String]?
    var up: [Script]?
    var allow: [Allowed]
}

extension [UInt8] {
    /// The bytes of `text`, Latin-1, with its `<<…>>` marks replaced as for a gateway at `gw.test` without a prefix.
    fileprivate init(expanding text: String) {
        var rest = Substring(text)
        var expanded = ""
        while let open = rest.range(of: "<<"), let close = rest[open.upperBound...].range(of: ">>") {
            let mark = rest[open.upperBound..<close.lowerBound]
            expanded += rest[..<open.lowerBound]
            switch mark {
            case "H": expanded += "gw.test"
            case "N": expanded += "ok-1"
            case "C": expanded += "canary"
            case "D": expanded += "/denied"
            case "P", "A": break
            default:
                // R:text:count; the text may hold colons.
                let colon = mark.lastIndex(of: ":") ?? mark.startIndex
                let count = Int(mark[mark.index(after: colon)...]) ?? 0
                expanded += String(repeating: String(mark[..<colon].dropFirst(2)), count: count)
            }
            rest = rest[close.upperBound...]
        }
        self.init(latin1: expanded + rest)
    }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}

/// What a parser alone makes of a connection's bytes: the status of each request, 200 if nothing is wrong with it, up
/// to the first refusal.  Statuses that need no route are told as well (417, 501 for CONNECT, 405 for TRACE).
private func serve(_ bytes: [UInt8]) -> [Int] {
    var statuses: [Int] = []
    var parser = RequestParser(limits: HeadLimits())
    var head = RequestHead()
    var decoder = BodyDecoder()
    var start = 0
    do throws(ParseError) {
        while start < bytes.count {
            parser.reset()
            head.reset()
            let rest = bytes.span.extracting(start...)
            guard var offset = try parser.parse(rest, into: &head) else { return statuses }
            if head.hasUnknownExpectation { return statuses + [417] }
            switch head.method {
            case .connect: return statuses + [501]
            case .trace, .track: return statuses + [405]
            case _: break
            }
            decoder.begin(head.framing, limits: HeadLimits())
            while true {
                let event = try decoder.next(rest, at: &offset)
                if event == .needMore { return statuses }
                if event == .complete { break }
            }
            statuses.append(200)
            if !head.isPersistent { return statuses }
            start += offset
        }
    } catch {
        statuses.append(error.status)
    }
    return statuses
}

/// What a parser alone makes of an origin's answer that then closes: its status, or 502, and whether it is whole.
private func answer(_ bytes: [UInt8], to method: HTTP1.Method) -> (status: Int, isWhole: Bool) {
    var parser = ResponseParser()
    var head = ResponseHead()
    var decoder = BodyDecoder()
    var hasHead = false
    do throws(ParseError) {
        guard var offset = try parser.parse(bytes.span, requestMethod: method, into: &head) else { return (502, false) }
        // An upgrade that nobody asked for.
        if head.status == 101 { return (502, false) }
        hasHead = true
        decoder.begin(head.framing, limits: .answer)
        while true {
            let event = try decoder.next(bytes.span, at: &offset)
            if event == .complete { return (head.status, true) }
            if event == .needMore { return (head.status, decoder.endOfStream()) }
        }
    } catch {
        return (hasHead ? head.status : 502, false)
    }
}

@Suite("The public HTTP/1.1 cases, as far as a parser decides them")
struct ConformanceCaseTests {
    private static func cases(_ categories: Set<String>) throws -> [ConformanceCase] {
        let decoder = JSONDecoder()
        return try Fixtures.lines("vectors/http1-cases.jsonl")
            .map { try decoder.decode(ConformanceCase.self, from: Data($0.utf8)) }
            .filter { categories.contains($0.cat) }
    }

    @Test("each client gets one of the outcomes that its case allows")
    func clients() throws {
        // What needs a route (pa, cr, fw, hp) still has to be a message; a refusal must be an allowed one.
        let routed: Set = ["pa", "cr", "fw", "hp", "me"]
        let parsed: Set = ["ok", "rl", "hd", "ho", "cl", "te", "ck", "tr", "ka", "li", "ex"]
        for item in try Self.cases(parsed.union(routed)) where item.up == nil {
            let bytes = item.send.flatMap { [UInt8](expanding: $0.d ?? $0.drip ?? "") }
            let statuses = serve(bytes)
            let isAllowed = item.allow.contains { allowed in
                // A message that never ends is told apart from a refusal only by what came before it.
                allowed.st.count >= statuses.count && zip(allowed.st, statuses).allSatisfy { $0.contains($1) }
            }
            let mayStay = routed.contains(item.cat) && statuses.allSatisfy { $0 == 200 }
            #expect(isAllowed || mayStay, "\(item.id): \(statuses)")
            for status in statuses where status != 200 && parsed.contains(item.cat) {
                #expect(item.allow.contains { $0.st.contains { $0.contains(status) } }, "\(item.id): \(statuses)")
            }
        }
    }

    @Test("each answer of a bad origin gets one of the outcomes that its case allows")
    func origins() throws {
        for item in try Self.cases(["us", "me"]) {
            guard let script = item.up?.first else { continue }
            let bytes = script.steps.flatMap { [UInt8](expanding: $0.d ?? "") }
            let method = HTTP1.Method(Array((item.methods?.first ?? "GET").utf8).span)
            let (status, isWhole) = answer(bytes, to: method)
            let isAllowed = item.allow.contains { allowed in
                allowed.st.first?.contains(status) == true && (status == 502 || (allowed.complete ?? true) == isWhole)
            }
            #expect(isAllowed, "\(item.id): \(status), whole: \(isWhole)")
        }
    }

    @Test("the cases are there")
    func count() throws {
        #expect(try Fixtures.lines("vectors/http1-cases.jsonl").count == 85)
        #expect(
            serve([UInt8](expanding: "GET <<P>>/c/<<N>>?<<R:a:3>> HTTP/1.1\r\nHost: <<H>>\r\n<<R:X: b\r\n:2>>\r\n"))
                == [200])
    }
}
