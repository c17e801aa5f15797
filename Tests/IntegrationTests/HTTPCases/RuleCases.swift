/// Further cases, written from the tables of http-rules.md: for each rule, the spellings that break it and those that
/// only look as if they did.
enum RuleCases {
    /// Everything: requests, then answers.
    static var byRule: [String: [HTTPCase]] {
        let all = requestLines + fields + hosts + lengths + chunks + connections + answers
        return Dictionary(grouping: all, by: \.rule)
    }

    // MARK: Shapes

    /// A good request line and Host.
    static let get = "GET <<P>>/c/<<N>> HTTP/1.1\r\nHost: <<H>>\r\n<<A>>"
    static let post = "POST <<P>>/c/<<N>> HTTP/1.1\r\nHost: <<H>>\r\n<<A>>"

    typealias Outcome = HTTPCase.Outcome

    /// One answer with one of `statuses`, then the end; nothing goes upstream.
    static func refused(_ statuses: Int...) -> Outcome {
        Outcome(st: [statuses], conn: .init(words: ["close"]), up: [0], done: [0])
    }

    /// One answer with one of `statuses`, whatever becomes of the connection; nothing goes upstream.
    static func turnedDown(_ statuses: Int...) -> Outcome { Outcome(st: [statuses], up: [0], done: [0]) }

    /// Closed without an answer.
    static let dropped = Outcome(st: [], conn: .init(words: ["close"]), up: [0], done: [0])

    /// Answered by the origin.
    static func served(_ body: String? = nil) -> Outcome { Outcome(st: [[200]], up: [1], done: [1], ubody: body) }

    /// The cases of one rule: one for each text, all with the same outcomes.
    static func cases(_ rule: String, _ texts: [String], _ allow: Outcome..., method: String = "GET") -> [HTTPCase] {
        texts.enumerated().map { index, text in
            HTTPCase(
                id: "\(rule)-own-\(index)", title: String(text.debugDescription.prefix(200)), rule: rule,
                send: [.init(d: text)], methods: [method], allow: allow)
        }
    }

    /// Every byte but `excepted`, as Latin-1.
    static func bytes(_ range: ClosedRange<UInt8> = 0...255, but excepted: String = "") -> [String] {
        range.map { String(UnicodeScalar($0)) }.filter {
            !excepted.unicodeScalars.contains($0.unicodeScalars.first ?? " ")
        }
    }

    // MARK: Sections 1 and 2

    static var requestLines: [HTTPCase] {
        let rest = "\r\nHost: <<H>>\r\n<<A>>\r\n"
        let target = "<<P>>/c/<<N>>"
        let separators = [
            " \(target)  ", "  \(target) ", "\t\(target) ", " \(target)\t", "\u{0C}\(target) ", "\u{A0}\(target) ",
        ]
        return cases("RL-1", separators.map { "GET\($0)HTTP/1.1\(rest)" }, refused(400))
            + cases(
                "RL-1",
                [" GET \(target) HTTP/1.1\(rest)", "GET \(target) HTTP/1.1 \(rest)", "\tGET / HTTP/1.1\(rest)"],
                refused(400))
            + cases(
                "RL-1", ["GET \(target) x HTTP/1.1\(rest)", "GET\r\n\r\n", "GET \r\n\r\n", "\u{0}\r\n\r\n"],
                refused(400))
            + cases(
                "RL-2", ["G@T", "G:T", "\u{C7}ET", "\"GET\"", "GET,"].map { "\($0) \(target) HTTP/1.1\(rest)" },
                refused(400))
            + cases(
                "RL-2",
                ["get", "GET1", "G_T", "G!T", String(repeating: "A", count: 33)].map {
                    "\($0) \(target) HTTP/1.1\(rest)"
                }, turnedDown(501))
            + cases(
                "RL-2", ["M-SEARCH", "X", "PATCH", "PROPFIND"].map { "\($0) \(target) HTTP/1.1\(rest)" }, served(),
                method: "X")
            + cases(
                "RL-3",
                (bytes(0...0x1F, but: "\r\n") + bytes(0x7F...0xFF)).map { "GET \(target)\($0) HTTP/1.1\(rest)" },
                refused(400))
            + cases("RL-7", ["#", "#a", "?a#b"].map { "GET \(target)\($0) HTTP/1.1\(rest)" }, refused(400))
            + cases(
                "PA-7",
                ["\"", "<", ">", "\\", "^", "`", "{", "|", "}"].flatMap {
                    ["GET \(target)\($0) HTTP/1.1\(rest)", "GET \(target)?\($0) HTTP/1.1\(rest)"]
                }, turnedDown(400))
            + cases(
                "RL-4",
                [
                    "HTTP/1.10", "HTTP/01.1", "http/1.1", "HTTP/11", "HTTP/1", "HTTP/1.1x", "HTTP/-1.1", "HTTP/1,1",
                    "HTTP/ 1.1", "HTTP/1.\u{B2}", "HTTP/.1", "HTTPS/1.1", "HTTP 1.1", "HTTP/1.1.1", "HTTP/4294967297.1",
                ].map { "GET \(target) \($0)\(rest)" }, refused(400))
            + cases(
                "RL-4", ["HTTP/2.0", "HTTP/0.9", "HTTP/3.1", "HTTP/9.9"].map { "GET \(target) \($0)\(rest)" },
                refused(505))
            + cases("RL-4", ["HTTP/1.2", "HTTP/1.9"].map { "GET \(target) \($0)\(rest)" }, refused(400, 505))
            + cases("RL-5", ["GET \(target)\r\n\r\n", "GET \(target)\r\nHost: <<H>>\r\n\r\n"], refused(400))
            + cases(
                "RL-6",
                [
                    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{0}\u{5}\u{1}\u{0}\u{0}\u{1}\u{3}\r\n\r\n",
                    "SSH-2.0-x\r\n\r\n", "{}\r\n\r\n",
                ], refused(400, 505), dropped)
            + cases("RL-8", ["\r\n\(get)\r\n"], served())
            + cases(
                "RL-8", ["\r\n\r\n\(get)\r\n", "\n\(get)\r\n", "\r\(get)\r\n", "\r\n \r\n\(get)\r\n"], refused(400))
            + cases(
                "GR-1",
                [
                    get.replacing("HTTP/1.1\r\n", with: "HTTP/1.1\r") + "\r\n", "\(get)X: a\r\r\n\r\n",
                    "\(get)X: a\rb\r\n\r\n", "\(get)\r\r\n",
                ], refused(400))
            + cases(
                "GR-2",
                [
                    get.replacing("HTTP/1.1\r\n", with: "HTTP/1.1\n") + "\r\n", "\(get)X: a\n\r\n", "\(get)\n",
                    "\(get)X: a\r\n\n",
                ], refused(400))
    }

    // MARK: Section 3

    static var fields: [HTTPCase] {
        let token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let singletons = ["Content-Type: a/b", "Authorization: Bearer a", "Expect: 100-continue", "x-ms-date: a"]
        let removed = [
            "X-Ms-Date", "x_ms_date", "Cookie", "api-key", "Proxy-Authorization", "x.functions.key", "X-AUTH-TOKEN",
        ]
        return cases("HD-1", bytes(but: token + ":\r\n").map { "\(get)X\($0)A: v\r\n\r\n" }, refused(400))
            + cases("HD-1", [": v", "X", "X v", "=", "\u{0}"].map { "\(get)\($0)\r\n\r\n" }, refused(400))
            + cases(
                "HD-1",
                [
                    "\(get)!#$%&'*+-^`|~: v\r\n\r\n", "\(get)X:\r\n\r\n", "\(get)X:v\r\n\r\n",
                    "\(get)X:  \t v \t\r\n\r\n",
                ], served())
            + cases(
                "HD-2",
                ["Host : a", "X-A : v", "X-A\t: v", "Content-Length : 0", "Transfer-Encoding\u{0B}: chunked"].map {
                    "\(get)\($0)\r\n\r\n"
                }, refused(400))
            + cases(
                "HD-3", ["X: a\r\n b", "X: a\r\n\tb", "X: a\r\n ", "X:\r\n a"].map { "\(get)\($0)\r\n\r\n" },
                refused(400))
            + cases(
                "HD-6", [" X: a", "\tX: a", " "].map { "GET <<P>>/c/<<N>> HTTP/1.1\r\n\($0)\r\nHost: <<H>>\r\n\r\n" },
                refused(400))
            + cases(
                "HD-5", (bytes(0...0x1F, but: "\t\r\n") + ["\u{7F}"]).map { "\(get)X: a\($0)b\r\n\r\n" }, refused(400))
            + cases("HD-5", bytes(0x80...0xFF).map { "\(get)X: a\($0)b\r\n\r\n" }, served(), refused(400))
            + cases("HD-7", singletons.map { "\(get)\($0)\r\n\($0)\r\n\r\n" }, refused(400))
            + cases("HD-7", ["\(get)Content-Type: a/b\r\nX: y\r\ncontent-TYPE: c/d\r\n\r\n"], refused(400))
            + cases(
                "CR-1", removed.map { "\(get)\($0): <<C>>\r\n\($0.uppercased()): <<C>>\r\n\r\n" }, served(),
                refused(400))
            + cases(
                "HP-1",
                ["X-A", "x-a , X-B", ",,X-A", "X-A\r\nConnection: X-B"].map {
                    "\(get)Connection: \($0)\r\nX-A: <<C>>\r\n\r\n"
                }, served())
            + cases(
                "HP-1", ["a b", "\"X-A\"", "X-A;q=1", "(a)", "\u{E9}"].map { "\(get)Connection: \($0)\r\n\r\n" },
                refused(400))
            + cases(
                "HP-1", [String(repeating: "a,", count: 80) + "a"].map { "\(get)Connection: \($0)\r\n\r\n" },
                refused(400, 431), served())
            + cases(
                "HP-3",
                ["h2c", "websocket", "TLS/1.0"].map {
                    "\(get)Connection: Upgrade, HTTP2-Settings\r\nUpgrade: \($0)\r\nHTTP2-Settings: <<C>>\r\n\r\n"
                }, served())
            + cases(
                "LI-3", [100, 101, 500].map { "\(get)\(String(repeating: "X: a\r\n", count: $0))\r\n" }, refused(431))
            + cases(
                "LI-2", [8200, 70_000].map { "\(get)X: \(String(repeating: "a", count: $0))\r\n\r\n" }, refused(431))
            + cases(
                "LI-2",
                [12].map {
                    "\(get)\(String(repeating: "X: \(String(repeating: "a", count: 6000))\r\n", count: $0))\r\n"
                }, refused(431))
            + cases(
                "LI-1",
                [9000, 70_000].map { "GET <<P>>/c/<<N>>?\(String(repeating: "a", count: $0)) HTTP/1.1\r\n\r\n" },
                refused(414))
    }

    // MARK: Section 4

    static var hosts: [HTTPCase] {
        func with(_ host: String) -> String { "GET <<P>>/c/<<N>> HTTP/1.1\r\nHost: \(host)\r\n<<A>>\r\n" }
        func absolute(_ target: String, host: String = "<<H>>") -> String {
            "GET \(target) HTTP/1.1\r\nHost: \(host)\r\n<<A>>\r\n"
        }
        let wrong = [
            "", "a b", "a,b", "a/b", "a\\b", "u@h", "a%41", "a?b", "a#b", "\"a\"", "a..b", ".a", "a:99999", "a:65536",
            "a:x", "a:+1",
            "a:000080", "[::1", "::1", "[::1]x", "[]", "[g::]", "a:80:81", "a:80:80:80", "a\u{E9}", "\u{0}", "a\tb",
            ":80", "a[::1]", "http://a", "{a}",
        ]
        return cases(
            "HO-1", ["GET <<P>>/c/<<N>> HTTP/1.1\r\n<<A>>\r\n", "GET http://<<H>><<P>>/c/<<N>> HTTP/1.1\r\n\r\n"],
            refused(400))
            + cases("HO-1", ["GET <<P>>/c/<<N>> HTTP/1.0\r\n\r\n"], served())
            + cases(
                "HO-2", ["\(get)Host: <<H>>\r\n\r\n", "\(get)hOST: other\r\n\r\n", "\(get)Host:\r\n\r\n"], refused(400))
            + cases("HO-3", wrong.map(with), refused(400))
            + cases(
                "HO-3",
                [
                    "gw.test:1", "127.0.0.1", "[::1]", "[::1]:80", "GW.TEST", "a-b.c:65535", "a:8080:8080", "x",
                    " gw.test ",
                ].map(with), served())
            + cases(
                "HO-4",
                ["http://<<H>><<P>>/c/<<N>>", "HTTP://GW.test<<P>>/c/<<N>>", "http://<<H>>:80<<P>>/c/<<N>>?x"].map {
                    absolute($0)
                }, served())
            + cases(
                "HO-4",
                [
                    "http://other<<P>>/c/<<N>>", "http://<<H>>:81<<P>>/c/<<N>>", "http://<P>>/c/<<N>>",
                    "http:<<P>>/c/<<N>>", "ftp://<<H>><<P>>/c/<<N>>", "http:///c/<<N>>", "ws://<<H>>/c",
                    "//<<H>>/c/<<N>> ", "c/<<N>>", "http://<<H>>.evil/c",
                ].map { absolute($0) }, refused(400))
            + cases(
                "HO-5",
                ["http://u@<<H>><<P>>/c/<<N>>", "http://u:p@<<H>><<P>>/c/<<N>>", "http://@<<H>>/c"].map {
                    absolute($0)
                }, refused(400))
            + cases("ME-2", ["*x", "*", "**", "/*\u{0}"].map { absolute($0) }, refused(400))
            + cases(
                "ME-3",
                ["CONNECT <<H>>:443", "CONNECT <<P>>/c/<<N>>", "CONNECT *"].map {
                    "\($0) HTTP/1.1\r\nHost: <<H>>\r\n\r\n"
                }, refused(501, 400), method: "CONNECT")
            + cases(
                "ME-3",
                ["GET <<H>>:443 HTTP/1.1\r\nHost: <<H>>:443\r\n\r\n", "GET <<H>> HTTP/1.1\r\nHost: <<H>>\r\n\r\n"],
                refused(400))
    }
}
