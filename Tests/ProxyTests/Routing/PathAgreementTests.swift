import Bytes
import ConfigDSL
import Support
import Testing

@testable import Proxy

/// A configuration's paths and a request's must mean the same, or a route could be escaped by spelling.
@Suite("Paths of the configuration and of requests agree")
struct PathAgreementTests {
    private func expectAgreement(on path: String, _ note: String = "") {
        let configured = try? CanonicalPath(path)
        switch PathReading(path) {
        case .canonical(let text): #expect(configured?.text == text, "\(path) \(note)")
        case .refused(let error):
            #expect(configured == nil, "\(path) is refused in requests: \(error) \(note)")
        }
    }

    @Test("on what is accepted", arguments: PathVectors.accepted)
    func accepted(path: String, canonical: String) { expectAgreement(on: path) }

    @Test("on what is refused", arguments: PathVectors.refused)
    func refused(error: PathError, paths: [String]) {
        for path in paths { expectAgreement(on: path) }
    }

    @Test("on random paths")
    func random() {
        let seed = Seed.drawn(for: "random paths")
        var random = SeededGenerator(seed: seed)
        let pieces = [
            "/", "/", "/", ".", ".", "%2e", "%2E", "a", "B", "sms", "%", "%2", "%2f", "%5C", "%25", "%41", "41", "%34",
            "%C3", "%A9", "%E2%82%AC", "%00", "%7F", ";", "%3b", ":", "%3A", "@", "+", "~", "%20", "=", "e", "2e",
        ]
        for _ in 0..<5000 {
            let count = Int.random(in: 0...8, using: &random)
            let path = (0..<count).reduce("/") { path, _ in path + (pieces.randomElement(using: &random) ?? "") }
            expectAgreement(on: path, "\(Seed.variable)=\(seed)")
        }
    }

    @Test("on how deep a path may be")
    func depth() throws {
        #expect(RequestPath.depthLimit == CanonicalPath.depthLimit)
        let deepest = String(repeating: "/a", count: CanonicalPath.depthLimit)
        #expect(try CanonicalPath(deepest + "/").segments.count == CanonicalPath.depthLimit)
        #expect(throws: ValueError.self) { try CanonicalPath(deepest + "/a") }
    }
}
