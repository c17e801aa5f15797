import Bytes
import Crypto
import HTTPClient
import Support

extension RecordingOrigin {
    /// An origin that speaks TLS and shows `identity`.
    static func tls(
        showing identity: TLSIdentity, noting handshakes: Handshakes? = nil,
        script: @escaping @Sendable (StrictRequest, Int) -> OriginScript = { _, _ in .usual }
    ) throws -> RecordingOrigin {
        let directory = try TemporaryDirectory()
        try directory.write("server.pem", identity.certificates.text.withBytes { $0.array })
        try directory.write("server.key", identity.key.text.withBytes { $0.array })
        let server = try TLSServer(certificateIn: directory.path)
        return try RecordingOrigin(
            over: { socket in
                let stream = server.accept(over: socket)
                handshakes?.note(stream != nil)
                return stream
            }, script: script)
    }

    /// An origin that answers every request with `text`, byte for byte.
    static func answering(_ text: String, ending: OriginScript.Step? = nil) throws -> RecordingOrigin {
        let script = OriginScript([.send(text.latin1)] + (ending.map { [$0] } ?? []))
        return try RecordingOrigin { _, _ in script }
    }

    /// `http://127.0.0.1:PORT` and `target`.
    func url(_ target: String, scheme: String = "http", host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(address.port)\(target)"
    }
}

/// What became of each TLS handshake at an origin: without one that succeeded, it can have read no request.
final class Handshakes: Sendable {
    private let outcomes = Monitor<[Bool]>([])

    /// Notes the next one.
    func note(_ isEstablished: Bool) { outcomes.change { $0.append(isEstablished) } }

    /// How many succeeded of the first `count`, once they are over; `nil` when that takes too long.
    func succeeded(of count: Int) async -> Int? {
        await elsewhere { [outcomes] in
            outcomes.wait(until: .now + Pace.seconds(30)) { outcomes in
                outcomes.count < count ? nil : outcomes.prefix(count).count { $0 }
            }
        }
    }
}

/// A port of loopback where nobody listens while this lives: another program cannot take it meanwhile.
struct ClosedPort {
    private let socket: Socket
    let number: UInt16

    init() throws {
        socket = try Socket.holdingPort()
        number = socket.localAddress(of: .ipv4("127.0.0.1", port: 0)).port
    }
}

/// Runs `body`, which waits, on a thread of its own: the threads that carry tasks are few.
func elsewhere<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
        startThread { continuation.resume(returning: body()) }
    }
}

extension HTTPClient {
    /// Sends a request that must fail, and gives the failure.
    func failure(_ request: HTTPRequest) async -> HTTPFailure? {
        do throws(HTTPFailure) {
            _ = try await send(request)
            return nil
        } catch {
            return error
        }
    }
}

extension HTTPRequest {
    /// A `GET` over plain HTTP, for origins on loopback.
    static func plain(_ url: String, fields: [HTTPField] = []) -> HTTPRequest {
        HTTPRequest(.get, url, fields: fields, allowsPlaintext: true)
    }
}

extension HTTPAnswer {
    /// The body as text.
    var text: String { body.withBytes { $0.text } }
}
