internal import CLinux
internal import Glibc
internal import Synchronization

/// How other threads speak to a loop: a queue behind a lock that is held for an append, and an `eventfd` that wakes.
public final class Mailbox<Message: Sendable>: Sendable {
    private let queue = Mutex<[Message]>([])
    private let wake: Int32

    /// An empty mailbox.
    public init() throws(SystemError) {
        wake = try check("eventfd") { eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)) }
    }

    deinit { close(wake) }

    /// Leaves `message` for the loop, from any thread.
    public func post(_ message: Message) {
        let wasEmpty = queue.withLock { queue in
            defer { queue.append(message) }
            return queue.isEmpty
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)
    }

    /// Takes all messages, oldest first.
    func takeAll() -> [Message] {
        var count: UInt64 = 0
        _ = unsafe read(wake, &count, 8)
        return queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
    }

    /// Has `loop` call `receive` with each message; call it on the loop's thread.
    public func attach(to loop: EventLoop, receive: @escaping (Message) -> Void) throws(SystemError) {
        let copy = try check("dup") { fcntl(wake, F_DUPFD_CLOEXEC, 3) }
        try loop.add(MailboxChannel(self, descriptor: copy, receive: receive))
    }
}

private final class MailboxChannel<Message: Sendable>: Channel {
    private let mailbox: Mailbox<Message>
    private let receive: (Message) -> Void

    init(_ mailbox: Mailbox<Message>, descriptor: Int32, receive: @escaping (Message) -> Void) {
        self.mailbox = mailbox
        self.receive = receive
        super.init(descriptor: descriptor)
    }

    override func ready(_ readiness: Readiness) {
        guard readiness.contains(.readable) else { return }
        for message in mailbox.takeAll() { receive(message) }
    }
}
