/// Sections 5, 6, 9 and 11: where bodies end, and what becomes of the connection.
extension RuleCases {
    static var lengths: [HTTPCase] {
        let wrong = [
            "+5", "-0", "-5", "0x5", "5_0", "5,", ",5", "5, 5", "5,6", "5 5", "\"5\"", "", "\t", "5\t5", "1e1", "5.0",
            "5;", "\u{B2}",
            "9223372036854775808", "99999999999999999999", "18446744073709551621", "00000000000000000005",
        ]
        let codings = [
            "identity", "chunked, chunked", "chunked;q=1", ",chunked", "chunked,", "xchunked", "chunked x", "gzip",
            "gzip, chunked",
            "chunked, identity", "\"chunked\"", "chunke\u{64}\u{0}", "chunked\u{A0}", "\u{0B}chunked", "", "deflate",
            "chun", "x",
        ]
        func length(_ value: String) -> String { "\(post)Content-Length: \(value)\r\n\r\nhello" }
        func coding(_ lines: String) -> String { "\(post)\(lines)\r\n\r\n0\r\n\r\n" }
        let both = [
            "Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 0",
            "content-length: 3\r\nX: y\r\ntransfer-encoding: CHUNKED",
        ]
        let twice = [
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding:\r\nTransfer-Encoding: chunked",
        ]
        return cases("CL-1", wrong.map(length), refused(400), method: "POST")
            + cases("CL-1", ["5", " 5\t"].map(length), served("hello"), method: "POST")
            + cases("CL-1", ["0005"].map(length), served("hello"), refused(400), method: "POST")
            + cases(
                "CL-2",
                [
                    "5\r\nContent-Length: 5", "5\r\nContent-Length: 6", "5\r\ncontent-length:\t5",
                    "5\r\nX: y\r\nContent-Length: 0",
                ].map(length), refused(400), method: "POST")
            + cases("LI-4", ["12582913", "9223372036854775807"].map(length), refused(413), method: "POST")
            + cases("TE-1", both.map(coding), refused(400), method: "POST")
            + cases("TE-2", codings.map { coding("Transfer-Encoding: \($0)") }, refused(400, 501), method: "POST")
            + cases(
                "TE-2", ["chunked", "CHUNKED", "\tchunked \t", "Chunked"].map { coding("Transfer-Encoding: \($0)") },
                served(""), method: "POST")
            + cases("TE-2", twice.map(coding), refused(400, 501), method: "POST")
            + cases(
                "TE-4", [coding("Transfer-Encoding: chunked").replacing("HTTP/1.1", with: "HTTP/1.0")], refused(400),
                method: "POST")
            + cases("TE-5", ["\(post)\r\n"], served(""), method: "POST")
            + cases(
                "CR-6",
                ["Content_Length: 5", "content.length: 5", "Transfer_Encoding: chunked", "transfer.encoding: chunked"]
                    .map { "\(post)\($0)\r\n\r\n" }, served(""), refused(400), method: "POST")
            + cutBodies
    }

    private static var cutBodies: [HTTPCase] {
        let starts = [
            "Content-Length: 10\r\n\r\nhalf", "Transfer-Encoding: chunked\r\n\r\n5\r\nhal",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: ",
        ]
        return starts.enumerated().flatMap { index, start in
            [HTTPCase.Step(shut: 1), .init(rst: 1)].enumerated().map { ending, step in
                let gone = Outcome(st: ending == 1 ? [] : nil, conn: .init(words: ["close"]), up: [0], done: [0])
                return HTTPCase(
                    id: "BD-1-own-\(index)-\(ending)", title: start.debugDescription, rule: "BD-1",
                    send: [.init(d: post + start), step], methods: ["POST"],
                    allow: ending == 1 ? [gone] : [refused(400, 408), dropped])
            }
        }
    }

    static var chunks: [HTTPCase] {
        let sizes = [
            "", " 3", "3 ", "\t3", "+3", "-3", "0x3", "3_0", "3h", "g", "3,", "3.0", "\"3\"", "3;", "3;;a", "3;=b",
            "3; a=\"b", "3;a=\u{0}",
            "3;a\u{7F}", "3\u{0B}", "00000000000000003", "8000000000000000", "ffffffffffffffff", "10000000000000003",
            "3;a=b\nc", "3;a=\"b\rc\"", "3;" + String(repeating: "a", count: 300),
        ]
        func with(_ text: String) -> String { "\(post)Transfer-Encoding: chunked\r\n\r\n\(text)" }
        let broken = [
            "3\nabc\r\n0\r\n\r\n", "3\r\nabc\n0\r\n\r\n", "3\r\nabc\r0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n",
            "3\r\nabc0\r\n\r\n", "3\r\nabcXX0\r\n\r\n", "3\rabc\r\n0\r\n\r\n",
            "3\r\nabc\r\n\r\n0\r\n\r\n", "3\r\nabc\r\n0\n\r\n", "3\r\nabc\r\n0\r\n\n", "\r\n3\r\nabc\r\n0\r\n\r\n",
        ]
        let trailers = ["X : y", " X: y", "X", "X: \u{0}", ": y", "X: y\r\n z", "X: y\rZ: a", "X: y\n"]
        return cases("CK-1", sizes.map { with("\($0)\r\nabc\r\n0\r\n\r\n") }, refused(400, 413), method: "POST")
            + cases(
                "CK-1",
                ["3", "0003", "0000000000000003", "3;a", "3;a=b", "3;a=\"b c\\\"\";d"].map {
                    with("\($0)\r\nabc\r\n0\r\n\r\n")
                }, served("abc"), method: "POST")
            + cases(
                "CK-3",
                [String(repeating: "1;\(String(repeating: "a", count: 200))\r\na\r\n", count: 100)].map {
                    with($0 + "0\r\n\r\n")
                }, refused(400, 413), method: "POST")
            + cases("CK-2", broken.map(with), refused(400), method: "POST")
            + cases("TR-1", trailers.map { with("3\r\nabc\r\n0\r\n\($0)\r\n\r\n") }, refused(400), method: "POST")
            + cases(
                "TR-2",
                [
                    "Content-Length: 9", "Transfer-Encoding: chunked", "Host: evil", "Authorization: <<C>>",
                    "x-ms-date: <<C>>", "Trailer: X",
                ].map { with("3\r\nabc\r\n0\r\n\($0)\r\n\r\n") }, served("abc"), refused(400), method: "POST")
            + cases(
                "TR-3", [200].map { with("3\r\nabc\r\n0\r\n\(String(repeating: "X: y\r\n", count: $0))\r\n") },
                refused(400, 431), method: "POST")
    }

    static var connections: [HTTPCase] {
        let smuggled = "GET /smug HTTP/1.1\r\nHost: gw.test\r\n\r\n"
        let twice = Outcome(st: [[200], [200]], up: [2], done: [2])
        let once = Outcome(st: [[200]], conn: .init(words: ["close"]), up: [1], done: [1])
        let oldWith = get.replacing("HTTP/1.1", with: "HTTP/1.0")
        return cases(
            "KA-1",
            [
                "\(get)\r\n\(get)\r\n", "\(post)Content-Length: 1\r\n\r\na\(get)\r\n",
                "\(post)Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(get)\r\n",
            ], twice)
            + cases(
                "KA-2",
                ["close", "CLOSE", "x, close", "keep-alive, close", ",close,", "x\r\nConnection: close"].map {
                    "\(get)Connection: \($0)\r\n\r\n\(smuggled)"
                }, once)
            + cases("KA-3", ["\(oldWith)\r\n\(smuggled)"], once)
            + cases("KA-3", ["\(oldWith)Connection: keep-alive\r\n\r\n"], served())
            + cases(
                "KA-5",
                [
                    "\(get)X : y\r\n\r\n\(smuggled)", "GET \u{1} HTTP/1.1\r\n\r\n\(smuggled)",
                    "\(get)X: \u{0}\r\n\r\n\(smuggled)",
                ], refused(400))
            + cases(
                "KA-5",
                [
                    "\(post)Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\(smuggled)",
                    "\(post)Transfer-Encoding: chunked\r\n\r\nx\r\n\(smuggled)",
                    "\(post)Content-Length: +0\r\n\r\n\(smuggled)",
                ], refused(400), method: "POST")
            + ["GET", "HEAD", "DELETE", "OPTIONS", "PUT"].flatMap { method in
                cases(
                    "ME-5",
                    ["\(get.replacing("GET", with: method))Content-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)"],
                    Outcome(st: [[200]], up: [1], done: [1]), refused(400, 413), method: method)
            }
            + cases(
                "EX-1",
                ["100-continue, 100-continue", "100", "continue", "200-ok", "100-continue;x", "\"100-continue\""].map {
                    "\(post)Expect: \($0)\r\nContent-Length: 3\r\n\r\nabc"
                }, turnedDown(417), method: "POST")
            + cases(
                "EX-2",
                ["\(post.replacing("HTTP/1.1", with: "HTTP/1.0"))Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"],
                Outcome(st: [[200]], up: [1], done: [1], ubody: "abc", interim: [[]]), method: "POST")
            + cases(
                "EX-2", ["\(get)Expect: 100-continue\r\n\r\n"], Outcome(st: [[200]], up: [1], done: [1], interim: [[]]))
            + [
                HTTPCase(
                    id: "KA-6-own", title: "half-close after a whole request", rule: "KA-6",
                    send: [.init(d: "\(get)\r\n"), .init(shut: 1)], allow: [once]),
                HTTPCase(
                    id: "KA-6-own-two", title: "half-close after two", rule: "KA-6",
                    send: [.init(d: "\(get)\r\n\(get)\r\n"), .init(shut: 1)],
                    allow: [Outcome(st: [[200], [200]], conn: .init(words: ["close"]), up: [2], done: [2])]),
            ]
    }
}
