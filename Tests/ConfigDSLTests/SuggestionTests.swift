import Testing

@testable import ConfigDSL

@Suite("What someone probably meant")
struct SuggestionTests {
    static let keys = ["connect", "request_head", "request_body", "response_head", "response_body", "idle", "total"]

    @Test(
        "the nearest key",
        arguments: [
            ("conect", "connect"), ("connnect", "connect"), ("ocnnect", "connect"), ("CONNECT", "connect"),
            ("requestHead", "request_head"), ("request-body", "request_body"), ("reponse_head", "response_head"),
            ("totla", "total"), ("tota", "total"), ("idel", "idle"), ("response_boddy", "response_body"),
        ])
    func nearest(word: String, meant: String) {
        #expect(Suggestion.closest(to: word, among: Self.keys) == meant)
    }

    @Test("nothing for what is like nothing", arguments: ["", "x", "1.1", "timeout", "_", "read", "日本語", "tls"])
    func nothing(word: String) {
        #expect(Suggestion.closest(to: word, among: Self.keys) == nil)
    }

    @Test("a part of one word alone stands for it")
    func parts() {
        #expect(Suggestion.closest(to: "warn", among: ["error", "warning"]) == "warning")
        #expect(Suggestion.closest(to: "prefix", among: ["path", "path_prefix"]) == "path_prefix")
        #expect(Suggestion.closest(to: "prefix", among: ["strip_prefix", "add_prefix"]) == nil)
        #expect(Suggestion.closest(to: "head", among: Self.keys) == nil)
    }

    @Test("a word longer than any of ours is not compared")
    func long() {
        #expect(Suggestion.closest(to: String(repeating: "connect", count: 100_000), among: Self.keys) == nil)
    }

    @Test(
        "distances",
        arguments: [
            ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "acb", 1), ("abc", "abd", 1),
            ("abc", "ab", 1), ("ca", "abc", 3), ("kitten", "sitting", 3),
        ])
    func distances(one: String, other: String, distance: Int) {
        #expect(Suggestion.distance(from: Array(one.utf8), to: Array(other.utf8)) == distance)
    }
}
