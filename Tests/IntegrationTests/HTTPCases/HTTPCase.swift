import FoundationEssentials
import Support
import Testing

/// One line of `http1-cases.jsonl`: what a client sends, what the origin does, and every outcome that is right.
struct HTTPCase: Decodable, Sendable, CustomTestStringConvertible {
    /// One thing that the client does.
    struct Step: Decodable, Sendable {
        /// Send this.
        var d: String?
        /// Send this byte by byte.  The case's gap between two bytes is not waited for: each is a write of its own.
        var drip: String?
        /// Pause, as the case prescribes it.
        var sleep: Double?
        /// Wait for so many answers.
        var recv: Int?
        /// Wait for an interim answer.
        var interim: Int?
        /// End our side, break the connection, or close it.
        var shut: Int?
        var rst: Int?
        var close: Int?
    }

    /// What the origin does with one request.
    struct Script: Decodable, Sendable {
        /// One thing that it does.
        struct Step: Decodable, Sendable {
            var d: String?
            var sleep: Double?
            var ok: Int?
            var close: Int?
            var rst: Int?
        }
        var steps: [Step]
        var when: String?
    }

    /// An outcome that is right.
    struct Outcome: Decodable, Sendable {
        /// For each final answer, in order, the statuses that it may have.
        var st: [[Int]]?
        var conn: OneOrMore?
        /// How many requests may be seen at the origin, and how many of them whole.
        var up: [Int]?
        var done: [Int]?
        /// Patterns for the bytes at the origin, and for those at the client.
        var upMatch: [String]?
        var upNot: [String]?
        var match: [String]?
        var not: [String]?
        var ubody: String?
        var body: String?
        var interim: [[Int]]?
        var complete: Bool?
    }

    /// A word, or a list of words any of which is right.
    struct OneOrMore: Decodable, Sendable {
        var words: [String]

        init(words: [String]) { self.words = words }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let word = try? value.decode(String.self) {
                words = [word]
            } else {
                words = try value.decode([String].self)
            }
        }
    }

    var id: String
    var title: String
    var rule: String
    var send: [Step]
    var methods: [String]?
    var up: [Script]?
    var allow: [Outcome]
    var pathOracle: Bool?

    var testDescription: String { "\(id) (\(rule)) \(title)" }

    /// Every case of the two files: what others gave us, and what we found ourselves.
    static func all() throws -> [HTTPCase] {
        try read("vectors/http1-cases.jsonl") + read("http1-more-cases.jsonl")
    }

    /// The tables of `rules/`, by the rule that a case is about.
    static func byRule() throws -> [String: [HTTPCase]] {
        Dictionary(grouping: try read("rules/requests.jsonl") + read("rules/answers.jsonl"), by: \.rule)
    }

    private static func read(_ path: String) throws -> [HTTPCase] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try Fixtures.lines(path).map { try decoder.decode(HTTPCase.self, from: Data($0.utf8)) }
    }
}

extension HTTPCase {
    /// The same case with each byte in a write of its own; `nil` for one that is long or depends on what comes at once:
    /// a body that nobody wants is passed over only when it is here.
    var dripped: HTTPCase? {
        guard send.count == 1, let text = send[0].d, text.unicodeScalars.count < 400, !text.contains("<<R"),
            allow.allSatisfy({ $0.up != [0] || $0.conn?.words == ["close"] })
        else { return nil }
        var other = self
        other.id += "-drip"
        other.send = [Step(drip: text)]
        for index in (other.up ?? []).indices {
            guard let steps = dripped(other.up?[index].steps ?? []) else { return nil }
            other.up?[index].steps = steps
        }
        return other
    }

    private func dripped(_ steps: [Script.Step]) -> [Script.Step]? {
        let isShort = steps.allSatisfy { step in
            step.d.map { $0.unicodeScalars.count < 200 && !$0.contains("<<") } ?? (step.sleep == nil)
        }
        guard isShort else { return nil }
        return steps.flatMap { step in
            guard let text = step.d else { return [step] }
            return text.unicodeScalars.map { Script.Step(d: String($0)) }
        }
    }
}

/// What the tokens of the cases stand for in one run.
struct HTTPCaseTokens: Sendable {
    /// The Host of a good request.
    var host = "gw.test"
    /// Prefix of every allowed path.
    var prefix = ""
    /// Further field lines of a good request.
    var fields = "Accept: */*\r\n"
    /// Stands for the client's own credential; it must never reach the origin.
    var canary = "CANARY-8c1f6d"
    /// A path that no route allows.
    var denied = "/denied"
    /// A name of the case's own.
    var name: String

    /// `text` with its tokens replaced.
    func expand(_ text: String) -> String {
        let tokens = ["H": host, "P": prefix, "A": fields, "C": canary, "D": denied, "N": name]
        var rest = text[...]
        var result = ""
        while let start = rest.firstRange(of: "<<"), let end = rest[start.upperBound...].firstRange(of: ">>") {
            let token = rest[start.upperBound..<end.lowerBound]
            result += rest[..<start.lowerBound]
            if token.unicodeScalars.starts(with: "R:".unicodeScalars) {
                result += repeated(token)
            } else {
                result += tokens[String(token)] ?? "<<\(token)>>"
            }
            rest = rest[end.upperBound...]
        }
        return result + rest
    }

    /// `R:text:n` is text n times; the text may hold colons.
    private func repeated(_ token: Substring) -> String {
        let scalars = token.unicodeScalars.dropFirst(2)
        guard let colon = scalars.lastIndex(of: ":"), let count = Int(String(scalars[scalars.index(after: colon)...]))
        else { return String(token) }
        return String(repeating: String(scalars[..<colon]), count: count)
    }
}
