/// Bytes without end, of which no two places nearby are alike; nobody holds them all.
public enum LargeBody {
    private static let period = 65_521
    private static let twice: [UInt8] = (0..<2 * period).map { place in
        let place = place % period
        return UInt8(truncatingIfNeeded: place &* 31 ^ place >> 8)
    }

    /// The `count` bytes from `offset` on; at most 65 521.
    public static func bytes(at offset: Int, count: Int) -> ArraySlice<UInt8> {
        let start = offset % period
        return twice[start..<start + min(count, period)]
    }

    /// True when `bytes` are those that stand at `offset`.
    public static func matches(_ bytes: ArraySlice<UInt8>, at offset: Int) -> Bool {
        var rest = bytes
        var place = offset
        while !rest.isEmpty {
            let expected = Self.bytes(at: place, count: rest.count)
            guard rest.prefix(expected.count) == expected else { return false }
            rest = rest.dropFirst(expected.count)
            place += expected.count
        }
        return true
    }
}

/// One side of a transfer of a ``LargeBody``, on a thread of its own: it sends one, and takes one.
public final class LargeTransfer: Sendable {
    /// How far it has come.
    public struct Progress: Sendable {
        /// The head that came, without its last empty line.
        public var head = ""
        /// Bytes of the body sent.
        public var sent = 0
        /// Bytes of the body taken.
        public var taken = 0
        /// All bytes that came were the right ones.
        public var isRight = true
        /// Nothing more happens.
        public var isOver = false
    }

    /// Shared with its thread.
    public let progress = Monitor(Progress())
    /// Nothing is taken before it is open, but for the head.
    public let gate = Gate()

    private static let patience = Pace.seconds(100)

    /// A client: sends `head` and `count` bytes, then takes an answer of `expected` bytes.
    public init(to address: Address, head: String, sending count: Int, expecting expected: Int) throws {
        let socket = try Socket.connected(to: address)
        startThread { [self] in
            _ = socket.send(Array(head.utf8), until: .now + Self.patience) && send(count, over: socket)
            take(expected, from: socket)
            socket.close()
            progress.change { $0.isOver = true }
        }
    }

    /// An origin for one request, on the address that it gives: takes `count` bytes, then answers with `answered`.
    public static func origin(taking count: Int, answering answered: Int) throws -> (LargeTransfer, Address) {
        let anyPort = Address.ipv4("127.0.0.1", port: 0)
        let listener = try Socket.listening(on: anyPort)
        return (LargeTransfer(on: listener, count, answered), listener.localAddress(of: anyPort))
    }

    private init(on listener: Socket, _ count: Int, _ answered: Int) {
        startThread { [self] in
            if let socket = listener.accept() {
                take(count, from: socket)
                let head = "HTTP/1.1 200 OK\r\nContent-Length: \(answered)\r\n\r\n"
                _ = socket.send(Array(head.utf8), until: .now + Self.patience) && send(answered, over: socket)
                socket.close()
            }
            listener.close()
            progress.change { $0.isOver = true }
        }
    }

    private func send(_ count: Int, over socket: Socket) -> Bool {
        var sent = 0
        while sent < count {
            let piece = LargeBody.bytes(at: sent, count: count - sent)
            guard socket.send(piece, until: .now + Self.patience) else { return false }
            sent += piece.count
            progress.change { [sent] in $0.sent = sent }
        }
        return true
    }

    private func take(_ count: Int, from socket: Socket) {
        var input: [UInt8] = []
        while StrictHead.end(in: input) == nil {
            guard case .bytes(let bytes) = socket.receive(until: .now + Self.patience) else { return }
            input += bytes
        }
        let end = StrictHead.end(in: input) ?? 0
        progress.change { [input] in $0.head = String(latin1: input[..<end]) }
        gate.pass()
        var rest = input.dropFirst(end + 4)
        while note(rest) < count {
            guard case .bytes(let bytes) = socket.receive(until: .now + Self.patience) else { return }
            rest = bytes[...]
        }
    }

    /// Gives how many bytes were taken by now.
    private func note(_ bytes: ArraySlice<UInt8>) -> Int {
        progress.change { progress in
            progress.isRight = progress.isRight && LargeBody.matches(bytes, at: progress.taken)
            progress.taken += bytes.count
            return progress.taken
        }
    }

    /// Waits until it is as `wanted`; false when that takes too long.
    public func wait(atMost limit: Duration = Pace.seconds(60), for wanted: (Progress) -> Bool) -> Bool {
        progress.wait(until: .now + limit) { wanted($0) ? true : nil } ?? false
    }
}

/// What `/proc` says of a process' memory.
public enum ProcessMemory {
    /// False under a sanitizer, which keeps what was freed and has a shadow of all: then memory tells nothing.
    public static let isJudged = sanitizerOptions.isEmpty

    /// The most that process `id` has had resident so far, in KiB.
    public static func peakKiB(of id: Int32) throws -> Int {
        let text = String(decoding: try Files.bytes(at: "/proc/\(id)/status"), as: UTF8.self)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
