/// Section 13: what an origin may answer.
extension RuleCases {
    static var answers: [HTTPCase] { brokenHeads + brokenBodies + endings + interims }

    /// One request for each answer; `ends`: the origin closes after it.
    private static func origin(
        _ rule: String, _ texts: [String], _ allow: Outcome..., ends: Bool = true, method: String = "GET"
    ) -> [HTTPCase] {
        texts.enumerated().map { index, text in
            let line = method == "GET" ? get : get.replacing("GET", with: method)
            let steps: [HTTPCase.Script.Step] = [.init(d: text)] + (ends ? [.init(close: 1)] : [])
            return HTTPCase(
                id: "\(rule)-own-\(method)-\(ends)-\(index)-\(text.utf8.count)",
                title: String(text.debugDescription.prefix(200)),
                rule: rule, send: [.init(d: "\(line)\r\n")], methods: [method], up: [.init(steps: steps)], allow: allow)
        }
    }

    /// Refused before anything of it was passed on.
    private static let failed = Outcome(st: [[502]], up: [1, 2])
    /// Passed on until it broke.
    private static let cut = Outcome(st: [[200]], conn: .init(words: ["close"]), up: [1], complete: false)

    private static func passed(_ body: String? = nil, _ status: Int = 200) -> Outcome {
        Outcome(st: [[status]], conn: .init(words: ["open"]), up: [1], body: body)
    }

    private static var brokenHeads: [HTTPCase] {
        let tail = "\r\nContent-Length: 2\r\n\r\nok"
        let lines = [
            "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 2x0 OK", "HTTP/1.1 -20 OK", "HTTP/1.1 099 OK",
            "HTTP/2.0 200 OK", "HTTP/2 200", "HTTP/1.1200 OK",
            "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", " HTTP/1.1 200 OK", "http/1.1 200 OK", "HTTP/1.10 200 OK",
            "ICY 200 OK", "200 OK", "", "\r\nHTTP/1.1 200 OK",
            "HTTP/1.1 200 O\u{0}K", "HTTP/1.1 200 O\rK", "HTTP/1.1 200 O\u{1}K", "HTTP/1.1 200\u{B}OK",
            "HTTP/1.1 +200 OK", "HTTP/1.1 0200 OK",
        ]
        let token = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        let fields = [
            "X : y", " X: y", "X", ": y", "X: a\r\n b", "X: a\rb", "X: a\nY: b", "\u{0}", "Content-Length : 2",
            "Content-Length: +2", "Content-Length: 2\r\nContent-Length: 3",
            "Content-Length: 2, 3", "Content-Length: 0x2", "Content-Length: ", "Content-Length: -1",
            "Content-Length: 2\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: gzip", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: xchunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Content-Length: 99999999999999999999",
        ]
        func with(_ field: String) -> String { "HTTP/1.1 200 OK\r\n\(field)\r\n\r\nok" }
        return origin("UP-2", lines.map { $0 + tail }, failed)
            + origin("UP-2", lines.map { $0 + tail }, failed, ends: false)
            + origin("UP-2", ["HTTP/1.1 200\(tail)"], failed, passed("ok"), ends: false)
            + origin(
                "UP-2", ["HTTP/1.1 200 \(tail)", "HTTP/1.1 200 A b\u{E9}\(tail)", "HTTP/1.0 200 OK\(tail)"],
                Outcome(st: [[200]], up: [1], body: "ok"), ends: false)
            + origin("UP-2", ["HTTP/1.1 999 X\(tail)"], Outcome(st: [[999, 502]], up: [1, 2]), ends: false)
            + origin(
                "UP-2", bytes(but: token + ":\r\n").map { with("X\($0)A: v\r\nContent-Length: 2") }, failed, ends: false
            )
            + origin(
                "UP-2", bytes(0...0x1F, but: "\t\r\n").map { with("X: a\($0)b\r\nContent-Length: 2") }, failed,
                ends: false)
            + origin("UP-3", fields.map(with), failed, ends: false) + origin("UP-3", fields.map(with), failed)
            + origin("UP-3", [with("Content-Length: 2\r\nContent-Length: 2")], failed, passed("ok"), ends: false)
            + origin("UP-4", ["HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"], failed)
            + origin(
                "UP-9",
                [
                    "HTTP/1.1 200 OK\r\n\(String(repeating: "X: y\r\n", count: 300))\r\n",
                    "HTTP/1.1 200 OK\r\nX: \(String(repeating: "a", count: 70_000))\r\n\r\n",
                ], failed)
            + origin(
                "UP-1",
                [
                    "", "H", "HTTP/1.1 200 OK", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n",
                    "<html></html>", "\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{46}",
                ], failed)
    }

    private static var brokenBodies: [HTTPCase] {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunks = [
            "+2\r\nok\r\n0\r\n\r\n", "0x2\r\nok\r\n0\r\n\r\n", "\r\nok\r\n", "2 \r\nok\r\n0\r\n\r\n", "2\nok\n0\n\n",
            "2\r\nokX\r\n0\r\n\r\n", "2\r\nok0\r\n\r\n", "2\r\nok\r\n", "2\r\no", "2\r\nok\r\n0\r\n",
            "2\r\nok\r\n0\r\n X: y\r\n\r\n", "2\r\nok\r\n0\r\nX : y\r\n\r\n", "ffffffffffffffff\r\nok\r\n0\r\n\r\n",
            "2;\"\r\nok\r\n0\r\n\r\n", "g\r\n", "2\r\nok\r\n0\r\n\n",
        ]
        return origin("UP-4", chunks.map { head + $0 }, cut, failed)
            + origin(
                "UP-7",
                ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"], cut,
                failed)
            + origin(
                "UP-4",
                ["2\r\nok\r\n0\r\n\r\n", "0002;a=\"b\"\r\nok\r\n0\r\nX: y\r\n\r\n", "1\r\no\r\n1\r\nk\r\n000\r\n\r\n"]
                    .map { head + $0 }, passed("ok"), ends: false)
            + origin(
                "UP-5",
                [
                    "HTTP/1.1 200 OK\r\n\r\nok", "HTTP/1.0 200 OK\r\n\r\nok",
                    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok",
                ], passed("ok"))
            + origin(
                "UP-6",
                [
                    "Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nPOISON",
                    "Content-Length: 2\r\n\r\nok\r\n", "Content-Length: 0\r\n\r\nPOISON",
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOISON",
                ].map { "HTTP/1.1 200 OK\r\n\($0)" }, Outcome(st: [[200]], up: [1], not: ["POISON"]), failed,
                ends: false)
    }

    private static var endings: [HTTPCase] {
        let bodyless = ["Content-Length: 5\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "\r\n"]
        func with(_ status: Int, _ rest: String) -> String { "HTTP/1.1 \(status) X\r\n\(rest)" }
        return origin("ME-4", bodyless.map { with(304, $0) }, passed("", 304), ends: false)
            + origin("ME-4", bodyless.map { with(200, $0) }, passed(""), ends: false, method: "HEAD")
            + origin("ME-4", bodyless.map { with(204, $0) }, passed("", 204), failed, ends: false)
            + origin(
                "UP-6", bodyless.map { with(204, $0 + "POISON") },
                Outcome(st: [[204, 502]], up: [1, 2], not: ["POISON"]), ends: false)
            + origin(
                "UP-6", bodyless.map { with(200, $0 + "POISON") },
                Outcome(st: [[200, 502]], up: [1, 2], not: ["POISON"]), ends: false, method: "HEAD")
            + origin(
                "HP-4",
                [
                    "X-A: <<C>>\r\nConnection: X-A", "Keep-Alive: <<C>>", "Upgrade: <<C>>", "Proxy-Authenticate: <<C>>",
                    "Trailer: <<C>>", "Proxy-Connection: <<C>>",
                ].map { with(200, "\($0)\r\nContent-Length: 2\r\n\r\nok") },
                Outcome(st: [[200]], conn: .init(words: ["open"]), up: [1], not: ["CANARY"], body: "ok"), ends: false)
            + origin(
                "UP-10",
                ["Location: /a\u{1}b", "Content-Location: a\u{0}"].map {
                    with(302, "\($0)\r\nContent-Length: 0\r\n\r\n")
                }, failed, ends: false)
            + origin(
                "UP-10", [with(302, "Location: http://elsewhere.test/<<N>>\r\nContent-Length: 0\r\n\r\n")],
                passed("", 302), ends: false)
    }

    private static var interims: [HTTPCase] {
        let final = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        let continued = "HTTP/1.1 100 Continue\r\n\r\n"
        func served(_ interims: [[Int]]) -> Outcome {
            Outcome(st: [[200]], conn: .init(words: ["open"]), up: [1], body: "ok", interim: interims)
        }
        return origin("UP-8", [continued + final, continued + continued + final], served([[]]), ends: false)
            + origin(
                "UP-8",
                ["HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n\(final)", "HTTP/1.1 102 Processing\r\n\r\n\(final)"],
                served([[], [102], [103]]), ends: false)
            + origin(
                "UP-8",
                [
                    String(repeating: continued, count: 17) + final,
                    String(repeating: "HTTP/1.1 103 X\r\n\r\n", count: 40) + final,
                ], Outcome(st: [[502]], up: [1, 2]), ends: false)
            + origin(
                "UP-8", ["HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nPOISON"],
                Outcome(st: [[502]], up: [1, 2], not: ["POISON"]), ends: false)
            + origin(
                "UP-8",
                [
                    "HTTP/1.1 100 Continue\r\nContent-Length: 2\r\n\r\n\(final)",
                    "HTTP/1.1 103 X\r\nTransfer-Encoding: chunked\r\n\r\n\(final)",
                ], served([[], [103]]), failed, ends: false)
    }
}
