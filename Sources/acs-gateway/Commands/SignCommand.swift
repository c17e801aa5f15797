internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Transport

/// `acs-gateway sign`: the field lines of one signed request, ready for curl.
struct SignCommand: Command {
    private static let key = Option("key", "FILE", .required, help: "the access key, in base64")
    private static let body = Option("body", "FILE", help: "the request's body (default: none)")
    private static let date = Option("date", "HTTPDATE", help: "sign for this date (default: now)")
    private static let explain = Option("explain", help: "show the text that is signed as well")

    static let syntax = Syntax(
        name: "sign", summary: "print the header lines of a signed request",
        operands: [
            Operand(name: "METHOD", help: "signed, and to be sent, in upper case"),
            Operand(name: "URL", help: "with scheme and host; its path and query are signed byte for byte"),
        ],
        options: [key, body, date, explain],
        notes: [
            """
            With curl (`-H @-` reads header lines from standard input):
              acs-gateway sign POST "$url" --key key --body sms.json |
                curl -X POST "$url" -H @- -H 'content-type: application/json' --data-binary @sms.json
            """,
            "A date looks like `Mon, 23 Nov 2026 09:08:07 GMT`.  FILE may be /dev/stdin.",
        ])

    /// The longest body; the service takes about a tenth of it.
    private static let bodyLimitBytes = 128 << 20

    private let method: String
    private let url: RequestURL
    private let keyFile: String
    private let bodyFile: String?
    private let date: String?
    private let explains: Bool

    init(_ arguments: Arguments) throws(UsageError) {
        method = arguments.operands[0]
        guard (1...32).contains(method.utf8.count), method.utf8.allSatisfy({ ASCII.isLetter($0) || $0 == 0x2D }) else {
            throw UsageError("METHOD `\(shown(method))` is none; it has letters and `-` only")
        }
        url = try RequestURL(arguments.operands[1])
        keyFile = try arguments.required(Self.key)
        bodyFile = arguments[Self.body]
        date = arguments[Self.date]
        explains = arguments.has(Self.explain)
        if let date, HTTPDate.parse(Array(date.utf8).span) == nil {
            throw UsageError("`--date` is no date of HTTP; write it like `Mon, 23 Nov 2026 09:08:07 GMT`")
        }
    }

    func run() throws(CommandError) -> Outcome {
        let signer = AccessKeySigner(try AccessKeyInput.key(inFile: keyFile))
        var body: [UInt8] = []
        if let bodyFile { body = try read(bodyFile, limitBytes: Self.bodyLimitBytes) }
        let date = dateBytes()
        let signed = signer.signed(
            method: method, target: url.target, host: url.host, date: date.span, body: body.span)
        var output = signed.fieldLines.map { $0 + "\n" }.joined()
        if explains {
            output += "\nThe text that was signed, without a line feed at its end:\n\n\(signed.signedText)\n"
        }
        return Outcome(output: output)
    }

    private func dateBytes() -> [UInt8] {
        if let date { return Array(date.utf8) }
        var buffer = ByteBuffer()
        HTTPDate.append(secondsSince1970: Int(WallClock.current() / 1_000_000_000), to: &buffer)
        return buffer.span.array
    }
}
