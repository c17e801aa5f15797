import Bytes
import Support

@testable import Proxy

/// What reading a path came to.
enum PathReading: Equatable {
    /// Its canonical form, `/` for the root.
    case canonical(String)
    case refused(PathError)

    /// Reads `path`, Latin-1.
    init(_ path: String) {
        var reader = RequestPath()
        do throws(PathError) {
            try reader.read(path.latin1.span)
            let text = reader.text.span.text
            self = .canonical(text.isEmpty ? "/" : text)
        } catch {
            self = .refused(error)
        }
    }
}

/// Paths and their canonical forms (config language, section 3).
enum PathVectors {
    static let accepted: [(path: String, canonical: String)] = [
        ("/", "/"), ("//", "/"), ("///", "/"), ("/sms", "/sms"), ("/sms/", "/sms"), ("/sms//", "/sms"),
        // Empty segments are ignored: the service hands out such links itself (PA-2a).
        ("//emails//operations/7", "/emails/operations/7"), ("/a//b/", "/a/b"),
        // ASCII case is folded, no other (PA-4).
        ("/SMS", "/sms"), ("/sMs/%41z", "/sms/az"), ("/%C3%89t%C3%A9", "/Été"), ("/@AZ", "/@az"),
        // Unreserved bytes are decoded, and so are the marks of this API (PA-3).
        ("/%73ms", "/sms"), ("/%7e%2D%5f%2E%30", "/~-_.0"), ("/emails:send", "/emails:send"),
        ("/emails%3Asend", "/emails:send"), ("/emails%3asend", "/emails:send"),
        ("/identities/8:acs:a@b+c", "/identities/8:acs:a@b+c"),
        ("/identities/8%3Aacs%3Aa%40b%2Bc", "/identities/8:acs:a@b+c"),
        ("/:search", "/:search"), ("/a/:search/", "/a/:search"),
        ("/!$&'()*,=", "/!$&'()*,="), ("/%21%24%26%27%28%29%2A%2C%3D", "/!$&'()*,="),
        // Encoded bytes that could not stand raw, but mean the same to everybody.
        ("/a%20b", "/a b"), ("/a%22%3C%3E%5B%5D%5E%60%7B%7C%7D", "/a\"<>[]^`{|}"), ("/a%3Fb%23c", "/a?b#c"),
        // A percent sign for itself.
        ("/100%25", "/100%"), ("/%25", "/%"), ("/%25zz", "/%zz"), ("/%25a", "/%a"), ("/%25/41", "/%/41"),
        ("/%25ag", "/%ag"), ("/%25%25", "/%%"), ("/%25%254", "/%%4"),
        // Dots that are no dot segments.
        ("/...", "/..."), ("/.a", "/.a"), ("/a.", "/a."), ("/..a", "/..a"), ("/a..", "/a.."), ("/%2e%2e%2e", "/..."),
        ("/a.b/c..d", "/a.b/c..d"),
        // All lengths of UTF-8, at their borders.
        ("/%C2%80", "/\u{80}"), ("/%DF%BF", "/\u{7FF}"), ("/%E0%A0%80", "/\u{800}"), ("/%ED%9F%BF", "/\u{D7FF}"),
        ("/%EE%80%80", "/\u{E000}"), ("/%EF%BF%BF", "/\u{FFFF}"), ("/%F0%90%80%80", "/\u{10000}"),
        ("/%F4%8F%BF%BF", "/\u{10FFFF}"),
    ]

    static let refused: [(error: PathError, paths: [String])] = [
        (
            .dotSegment,
            [
                "/.", "/..", "/./", "/../", "/a/.", "/a/..", "/a/./b", "/a/../b", "//..//", "/%2e", "/%2E", "/%2e%2e",
                "/%2E%2e", "/.%2e", "/%2e.", "/a/%2e%2E/b", "/a//../b",
            ]
        ),
        (.separator, ["/a%2fb", "/a%2Fb", "/%2f", "/a%5cb", "/a%5C", "/a\\b", "/..\\", "/..%2f", "/..%5c"]),
        (
            .control,
            (0x00..<0x20).map { "/a%\($0 < 16 ? "0" : "")\(String($0, radix: 16))" } + ["/%7f", "/%7F", "/..%00"]
        ),
        (.escape, ["/%", "/a%", "/%4", "/%g1", "/%1g", "/%%41", "/a%/41", "/%4/1", "/%-1", "/%+1", "/% 1", "/%u0041"]),
        (
            .doubleEncoding,
            [
                "/%2541", "/%252e%252e", "/%252f", "/%2500", "/%25ff", "/a%25Afb", "/%25%2541",
                // The digits may be encoded, too: what is decoded once still reads as an escape.
                "/%25%34%31", "/%254%31", "/%25%341", "/%25%32%65",
            ]
        ),
        (
            .encoding,
            [
                "/%80", "/%BF", "/%C0%AE", "/%C0%80", "/%C1%BF", "/%C2", "/%C2/", "/%C2a", "/%C2/%80", "/%E0%9F%BF",
                "/%E0%A0", "/%ED%A0%80", "/%ED%BF%BF", "/%F0%8F%BF%BF", "/%F4%90%80%80", "/%F5%80%80%80", "/%FE",
                "/%FF",
                "/%E2%82", "/%E2%28%A1", "/%F0%90%80", "/caf%E9",
            ]
        ),
        (.parameters, ["/;", "/a;b", "/a;", "/a;b=c/d", "/..;/", "/..;a/", "/a%3Bb", "/a%3b"]),
    ]
}
