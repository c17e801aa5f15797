/// A proxy that knows `CONNECT` alone, on a free port of 127.0.0.1; keeps each head that it reads.
public final class TunnelProxy: Sendable {
    /// Where it listens.
    public let address: Address
    private let listener: Socket
    private let read = Monitor<[String]>([])

    /// - Parameters:
    ///   - answer: what to say to a `CONNECT`; with a 200 the tunnel is open.
    ///   - latency: how long to hold that back.
    public init(answer: String = "HTTP/1.1 200 Connected\r\n\r\n", latency: Duration = .zero) throws {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        listener = try Socket.listening(on: anyPort)
        address = listener.localAddress(of: anyPort)
        startThread { [listener, read] in
            while let client = listener.accept() {
                startThread { Self.serve(client, answer, latency, read) }
            }
        }
    }

    deinit { listener.shutdown(.both) }

    /// All heads so far.
    public var heads: [String] { read.look { $0 } }

    /// `http://127.0.0.1:PORT`
    public var url: String { "http://\(address)" }

    private static func serve(
        _ client: Socket, _ answer: String, _ latency: Duration, _ read: Monitor<[String]>
    ) {
        let deadline = ContinuousClock.now + Pace.seconds(60)
        var head: [UInt8] = []
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard case .bytes(let bytes) = client.receive(atMost: 1, until: deadline) else { return }
            head += bytes
        }
        let text = String(decoding: head, as: UTF8.self)
        read.change { $0.append(text) }
        if latency > .zero { Pacing.wait(until: .now + latency) }
        let target = text.split(separator: " ").dropFirst().first.flatMap { Address(String($0)) }
        guard client.send(answer.latin1, until: deadline), answer.hasPrefix("HTTP/1.1 200"),
            let target, let server = try? Socket.connected(to: target)
        else { return client.close() }
        startThread { carry(from: client, to: server, until: deadline) }
        carry(from: server, to: client, until: deadline)
    }

    private static func carry(from source: Socket, to target: Socket, until deadline: ContinuousClock.Instant) {
        while case .bytes(let bytes) = source.receive(until: deadline), target.send(bytes, until: deadline) {}
        source.shutdown(.both)
        target.shutdown(.both)
    }
}
