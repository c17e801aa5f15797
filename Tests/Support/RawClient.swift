/// A client that sends what it is told, byte for byte, and reads answers by the letter.
///
/// For the thread of one test.
public final class RawClient {
    /// How a connection ended.
    public enum Ending: Equatable, Sendable { case end, reset }

    /// Every byte that came.
    public private(set) var received: [UInt8] = []
    /// Set once the gateway, or we, ended the connection.
    public private(set) var ending: Ending?
    /// What came, split into answers.
    public var reader: AnswerReader
    private let stream: any ByteStream
    private let patience: Duration

    /// Connects to `address`.
    ///
    /// - Parameters:
    ///   - methods: of the requests that will be sent, see ``AnswerReader``.
    ///   - patience: the longest that any wait lasts.
    public convenience init(
        _ address: Address, methods: [String] = ["GET"], patience: Duration = Pace.seconds(30)
    ) throws {
        self.init(over: try Socket.connected(to: address), methods: methods, patience: patience)
    }

    /// Speaks over a stream that is connected.
    public init(over stream: any ByteStream, methods: [String] = ["GET"], patience: Duration = Pace.seconds(30)) {
        self.stream = stream
        self.patience = patience
        reader = AnswerReader(methods: methods)
    }

    deinit { stream.close() }

    /// Sends Latin-1 text; false when the gateway takes no more.
    @discardableResult public func send(_ text: String) -> Bool { send(text.latin1) }

    /// Sends bytes; false when the gateway takes no more.
    @discardableResult public func send(_ bytes: [UInt8]) -> Bool { stream.send(bytes, until: .now + patience) }

    /// Sends text byte by byte, each a write of its own.
    @discardableResult public func drip(_ text: String) -> Bool { text.latin1.allSatisfy { send([$0]) } }

    /// Ends our side: the gateway reads an end.
    public func shutdownWrite() { stream.shutdown(.write) }
    /// Breaks the connection.
    public func reset() {
        stream.reset()
        ending = .reset
    }
    /// Closes the connection.
    public func close() {
        stream.close()
        ending = .end
    }

    /// Reads until `count` final answers are whole, the connection ended or patience did; gives the final answers.
    @discardableResult public func answers(_ count: Int) -> [Answer] {
        read { $0.completeCount >= count }
        return reader.finals
    }

    /// Sends `text` and gives the next final answer, whole or cut; `nil` when none came.
    public func exchange(_ text: String, method: String = "GET") -> Answer? {
        let before = reader.finals.count
        reader.methods = Array(repeating: "GET", count: before) + [method]
        send(text)
        return answers(before + 1).dropFirst(before).first
    }

    /// Reads until `count` interim answers came, or a final one, or the end.
    @discardableResult public func interims(_ count: Int) -> [Answer] {
        read { $0.interims.count >= count || !$0.finals.isEmpty }
        return reader.interims
    }

    /// Reads until the gateway ends the connection; `nil` when it stays open for all our patience.
    @discardableResult public func waitForEnd() -> Ending? {
        read { _ in false }
        return ending
    }

    /// Reads until `enough`, the end or the end of patience.
    public func read(until enough: (AnswerReader) -> Bool) {
        let deadline = ContinuousClock.now + patience
        while ending == nil, !enough(reader) {
            switch stream.receive(atMost: 65_536, until: deadline) {
            case .bytes(let bytes):
                received += bytes
                reader.append(bytes)
            case .end:
                ending = .end
                reader.end()
            case .reset: ending = .reset
            case .late: return
            }
        }
    }
}
