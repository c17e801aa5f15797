import ConfigDSL
import Crypto
import Testing

@testable import Credentials

@Suite("Connection strings")
struct ConnectionStringTests {
    /// A key that no message may show.
    static let key = "c3dvcmRmaXNoLXN3b3JkZmlzaA=="

    static func parse(_ text: String) throws(ConnectionStringError) -> ConnectionString {
        try ConnectionString(Secret(copying: text))
    }

    /// Item by item, counted from 1: what becomes of the SDKs' test strings.
    static let judged: [(Int, String?, ConnectionStringError?)] = [
        (1, "https://contoso.communication.azure.com", nil), (2, "https://contoso.communication.azure.com", nil),
        (3, nil, .badEndpoint(reason: "has more than scheme, host and port")),
        (4, "https://contoso.communication.azure.com", nil), (5, "https://contoso.communication.azure.com", nil),
        (6, "https://contoso.communication.azure.com", nil), (7, "https://contoso.communication.azure.com", nil),
        (8, nil, .unknownPart(3)), (9, "https://contoso.communication.azure.com", nil),
        (10, nil, .badEndpoint(reason: "has no scheme")), (11, "http://127.0.0.1:18080", nil),
        (12, "https://contoso.communication.azure.com", nil), (13, "https://contoso.communication.azure.com", nil),
        (14, nil, .missing(.accessKey)), (15, nil, .missing(.endpoint)), (16, nil, .empty(.endpoint)),
        (17, nil, .empty(.accessKey)), (18, nil, .missing(.endpoint)), (19, nil, .repeated(.accessKey)),
        (20, nil, .controlCharacter(part: 1)),
    ]

    @Test("the SDKs' twenty are judged as the manual says", arguments: judged)
    func sdkStrings(number: Int, origin: String?, error: ConnectionStringError?) throws {
        #expect(SDKVectors.all.connectionStrings.count == 20)
        let text = SDKVectors.all.connectionStrings[number - 1].connectionString
        do throws(ConnectionStringError) {
            let parsed = try Self.parse(text)
            #expect(parsed.endpoint.origin == origin)
            let key = parsed.key.withBytes { Base64.text(of: $0) }
            #expect(text.contains("=\(key)"))
        } catch let thrown {
            #expect(thrown == error)
        }
    }

    @Test(
        "blanks, case, order and empty parts do not count",
        arguments: [
            "endpoint=https://a.example/;accesskey=KEY", ";;endpoint=https://a.example ; ;\taccesskey\t=\tKEY;",
            "AccessKey = KEY ; EndPoint = HTTPS://A.EXAMPLE:443/", " ; accesskey=KEY;endpoint=https://a.example",
        ])
    func sameMeaning(text: String) throws {
        let parsed = try Self.parse(text.replacing("KEY", with: Self.key))
        #expect(parsed.endpoint.origin == "https://a.example")
        #expect(parsed.key.withBytes { constantTimeEqual($0, "swordfish-swordfish".utf8.span) })
    }

    @Test(
        "everything else is refused, and the part is named",
        arguments: [
            ("KEY", .unknownPart(1)), ("endpoint=https://a.example;KEY", .unknownPart(2)),
            ("endpoint=https://a.example;accesskey", .noEqualsSign(part: 2)),
            ("=KEY;endpoint=https://a.example", .unknownPart(1)),
            ("accesskey=KEY;accessKey=KEY", .repeated(.accessKey)),
            ("endpoint=https://a.example;endpoint=https://a.example;accesskey=KEY", .repeated(.endpoint)),
            ("endpoint=https://a.example;accesskey=!KEY", .badKey(.wrongLength(29))),
            ("endpoint=https://a.example;accesskey=!!!!KEY", .badKey(.wrongCharacter(offset: 0))),
            ("endpoint=https://a.example;accesskey=K\tEY", .badKey(.wrongCharacter(offset: 1))),
            ("endpoint=https://a.example;accesskey=KEY\u{0}", .controlCharacter(part: 2)),
            ("endpoint=https://a.example;\r\naccesskey=KEY", .controlCharacter(part: 2)),
            ("endpoint=https://a.example\u{7F};accesskey=KEY", .controlCharacter(part: 1)),
            ("endpoint=http://a.example;accesskey=KEY", .plaintextEndpoint),
            ("endpoint=https://a.example/x;accesskey=KEY", .badEndpoint(reason: "has more than scheme, host and port")),
            ("endpoint=https://a.example?x;accesskey=KEY", .badEndpoint(reason: "has more than scheme, host and port")),
            ("endpoint=https://a.example#x;accesskey=KEY", .badEndpoint(reason: "has more than scheme, host and port")),
            ("endpoint=https://KEY@a.example;accesskey=KEY", .badEndpoint(reason: "has a user name in it")),
            ("endpoint=ftp://a.example;accesskey=KEY", .badEndpoint(reason: "has a scheme that is not spoken")),
            ("endpoint=https://a b;accesskey=KEY", .badEndpoint(reason: "has no proper host")),
        ] as [(String, ConnectionStringError)])
    func refused(text: String, error: ConnectionStringError) {
        let text = text.replacing("KEY", with: Self.key)
        #expect(throws: error) { _ = try Self.parse(text) }
        #expect(!"\(error)".contains("c3dv"))
        #expect(!"\(error)".contains("a.example"))
    }

    @Test(
        "http goes to this machine only",
        arguments: ["http://127.0.0.1:1", "http://localhost:8080", "http://[::1]:8080", "https://127.0.0.1"])
    func loopback(origin: String) throws {
        #expect(try Self.parse("endpoint=\(origin)/;accesskey=\(Self.key)").endpoint.origin == origin)
    }
}
