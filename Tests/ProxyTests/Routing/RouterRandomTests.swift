import Bytes
import HTTP1
import Support
import Testing

@testable import Proxy

/// One route or request of a random table, in words.
private struct RandomCase {
    static let segments = ["sms", "chat", "eu", "us", "a", "b", "emails:send", "x y", "é"]
    static let methods = ["GET", "HEAD", "POST", "MERGE", "M-X"]
    static let hosts = ["gw", "acs.internal", "[::1]"]

    /// The segments of a canonical path.
    var path: [String]
    var method: String
    var host: String
    var listener: Int

    init(using random: inout SeededGenerator) {
        path = (0..<Int.random(in: 0...4, using: &random)).map { _ in Self.segments.randomElement(using: &random) ?? ""
        }
        method = Self.methods.randomElement(using: &random) ?? ""
        host = Self.hosts.randomElement(using: &random) ?? ""
        listener = Int.random(in: 0...2, using: &random)
    }

    /// The same path, spelled some way.
    func spelled(using random: inout SeededGenerator) -> String {
        let slashes = { (random: inout SeededGenerator) in
            String(repeating: "/", count: .random(in: 1...2, using: &random))
        }
        var text = ""
        for segment in path {
            text += slashes(&random)
            for byte in segment.utf8 {
                let character = Character(Unicode.Scalar(byte))
                let mustBeEscaped = byte >= 0x80 || byte == 0x20
                switch Int.random(in: 0...3, using: &random) {
                case 0: text += "%" + String(byte, radix: 16, uppercase: Bool.random(using: &random))
                case _ where mustBeEscaped: text += "%" + String(byte, radix: 16)
                case 1: text += character.uppercased()
                case _: text += String(character)
                }
            }
        }
        return text.isEmpty || Bool.random(using: &random) ? text + "/" : text
    }
}

/// A route, read as slowly and as plainly as possible.
private struct PlainRoute {
    var path: [String]?
    var isPrefix = false
    var methods: [String]?
    var host: String?
    var listener: Int?

    init(using random: inout SeededGenerator) {
        let (one, other) = (RandomCase(using: &random), RandomCase(using: &random))
        // Rarely without a path, so that a long table is not taken by its first rows.
        if Int.random(in: 0..<50, using: &random) > 0 { path = one.path }
        isPrefix = Bool.random(using: &random)
        if Bool.random(using: &random) || path == nil { methods = [one.method, other.method] }
        if Bool.random(using: &random) { host = one.host }
        if Int.random(in: 0..<3, using: &random) == 0 { listener = one.listener }
    }

    var condition: RouteCondition {
        let text = path.map { "/" + $0.joined(separator: "/") }
        return RouteCondition(
            path: isPrefix ? nil : text, prefix: isPrefix ? text : nil, methods: methods, host: host, listener: listener
        )
    }

    /// Whether all but the method fits, and whether that does.
    func matches(_ request: RandomCase) -> (rest: Bool, method: Bool) {
        let fitsPath = path.map { isPrefix ? request.path.starts(with: $0) : request.path == $0 } ?? true
        let rest =
            fitsPath && (host ?? request.host) == request.host && (listener ?? request.listener) == request.listener
        return (rest, methods?.contains(request.method) ?? true)
    }
}

@Suite("The table of routes and a plain list decide alike")
struct RouterRandomTests {
    @Test("on random requests", arguments: [(0, 50), (1, 200), (5, 400), (100, 300), (10_000, 40)])
    func agreement(routes count: Int, requests: Int) throws {
        let seed = Seed.drawn(for: "\(count) random routes")
        var random = SeededGenerator(seed: seed &+ UInt64(count))
        let routes = (0..<count).map { _ in PlainRoute(using: &random) }
        let router = Router(routes.map(\.condition))
        for _ in 0..<requests {
            let request = RandomCase(using: &random)
            let spelled = request.spelled(using: &random)
            var expected = Router.Decision.none
            for (index, route) in routes.enumerated() {
                let match = route.matches(request)
                if match.rest, !match.method { expected = .methodNotAllowed }
                if match.rest, match.method {
                    expected = .route(index)
                    break
                }
            }
            let decision = try router.decide(
                request.method, spelled, host: request.host.uppercased(), listener: request.listener)
            #expect(decision == expected, "\(Seed.variable)=\(seed): \(request.method) \(spelled) \(request.host)")
        }
    }
}
