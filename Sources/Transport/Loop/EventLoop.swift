internal import Bytes
internal import CLinux
internal import Glibc

/// One thread's loop over `epoll`: waits for descriptors and deadlines, and tells each ``Channel``.
///
/// Every descriptor is registered once, edge-triggered for reading and writing, and never changed: no call per request.
/// Not Sendable: everything here belongs to the thread that runs ``run()``; other threads speak through a ``Mailbox``.
public final class EventLoop {
    /// The clock as of the last wake-up.
    public private(set) var now: MonotonicTime
    /// Counts rounds: what one round did, nobody of it can have heard an answer to.
    public private(set) var round: UInt64 = 0
    /// Work that ends each round of events, such as handing over log lines.
    public var endOfRound: (() -> Void)?

    let epoll: Int32
    /// Ciphertext on its way in and out, shared by all TLS connections of this loop, so that idle ones hold none.
    var ciphertextIn = ByteBuffer()
    var ciphertextOut = ByteBuffer()

    /// Who has which slot; a token is the slot's index and, above, how often it was given out.
    private struct Slot {
        var channel: Channel?
        var generation: UInt32
    }
    private var slots: [Slot] = []
    private var freeSlots: [UInt32] = []
    private var wheel: TimerWheel
    private var due: [TimerWheel.Entry] = []
    /// Who could go on, but lets others come first: told at the end of the next round.
    private var willing: [UInt64] = []
    private var toldNow: [UInt64] = []
    private var isStopping = false
    /// Who has put something off to the end of this round's events.
    private var postponed: [UInt64] = []
    /// Events taken from the kernel in one wait.
    private static let batch = 256

    /// A loop with no channels.
    public init() throws(SystemError) {
        epoll = try check("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        now = MonotonicTime.current()
        wheel = TimerWheel(at: now)
    }

    deinit { close(epoll) }

    /// Runs until ``stop()``; channels are told of their events one after the other.
    public func run() {
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.batch)
        defer { unsafe events.deallocate() }
        while !isStopping {
            let timeout = willing.isEmpty ? wheel.millisecondsToNext(from: now) : 0
            let count = unsafe acs_epoll_wait(epoll, events.baseAddress, Int32(Self.batch), timeout)
            now = MonotonicTime.current()
            round &+= 1
            if !willing.isEmpty { swap(&willing, &toldNow) }
            if count > 0 {
                for index in 0..<Int(count) {
                    let event = unsafe events[index]
                    unsafe dispatch(token: event.data.u64, Readiness(rawValue: event.events), parked: true)
                }
                for index in 0..<Int(count) {
                    let event = unsafe events[index]
                    unsafe dispatch(token: event.data.u64, Readiness(rawValue: event.events), parked: false)
                }
            }
            if !toldNow.isEmpty { tellWilling() }
            doPostponed()
            fireDeadlines()
            doPostponed()
            endOfRound?()
        }
    }

    /// Tells `channel`, with no readiness, behind all that happens in the next round, for which the loop does not wait.
    ///
    /// For one that has moved its fair share and could go on: edges come once, so nobody else would tell it.
    public func tellAgain(_ channel: Channel) {
        guard !channel.isWilling else { return }
        channel.isWilling = true
        willing.append(channel.token)
    }

    private func tellWilling() {
        for token in toldNow {
            guard let channel = channel(for: token) else { continue }
            channel.isWilling = false
            channel.ready([])
        }
        toldNow.removeAll(keepingCapacity: true)
    }

    /// Calls ``Channel/roundEnds()`` of `channel` in this round, when all its events were told.
    ///
    /// For what may wake a peer, such as sending: peers that are woken once a round, and not once an event, cost half.
    public func postpone(_ channel: Channel) { postponed.append(channel.token) }

    private func doPostponed() {
        var index = 0
        while index < postponed.count {  // it may grow
            channel(for: postponed[index])?.roundEnds()
            index += 1
        }
        postponed.removeAll(keepingCapacity: true)
    }

    /// Ends ``run()`` after the round at hand.
    public func stop() { isStopping = true }

    /// Reads the clock again: for whoever worked long within a round.
    public func refreshClock() { now = MonotonicTime.current() }

    /// Parked channels first: what happened to one is known before anybody of this round is lent it.
    private func dispatch(token: UInt64, _ readiness: Readiness, parked: Bool) {
        guard let channel = channel(for: token) else { return }
        if parked {
            channel.isTold = channel.isParked
            if channel.isParked { channel.ready(readiness) }
        } else if !channel.isTold {
            channel.ready(readiness)
        } else {
            channel.isTold = false
        }
    }

    private func channel(for token: UInt64) -> Channel? {
        let index = Int(UInt32(truncatingIfNeeded: token))
        guard index < slots.count, slots[index].generation == UInt32(truncatingIfNeeded: token >> 32) else {
            return nil  // it was closed earlier in this round
        }
        return slots[index].channel
    }

    private func fireDeadlines() {
        due.removeAll(keepingCapacity: true)
        wheel.advance(to: now, due: &due)
        for index in due.indices {
            let entry = due[index]
            guard let channel = channel(for: entry.token), channel.promisedTick == entry.tick else { continue }
            channel.promisedTick = .max
            if channel.deadline <= now {
                channel.deadline = .distantFuture
                channel.deadlinePassed()
            } else {
                promise(channel)
            }
        }
    }

    // MARK: Channels

    /// Gives `channel` a slot and, when it has a descriptor, watches that for `interest`.
    public func add(_ channel: Channel, interest: Readiness = .edges) throws(SystemError) {
        precondition(unsafe channel.loop == nil, "a channel belongs to one loop")
        let index: UInt32
        if let free = freeSlots.popLast() {
            index = free
        } else {
            index = UInt32(slots.count)
            slots.append(Slot(channel: nil, generation: 0))
        }
        channel.token = UInt64(index) | UInt64(slots[Int(index)].generation) << 32
        if channel.descriptor >= 0, !watch(channel, interest) {
            let error = SystemError.last("epoll_ctl")
            freeSlots.append(index)
            throw error
        }
        slots[Int(index)].channel = channel
        unsafe channel.loop = self
        promise(channel)
    }

    private func watch(_ channel: Channel, _ interest: Readiness) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data.u64 = channel.token
        return unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, channel.descriptor, &event) == 0
    }

    /// Stops telling `channel` of its descriptor, which it keeps; its deadline still counts.
    func unwatch(_ channel: Channel) {
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, channel.descriptor, nil)
    }

    /// Ends ``unwatch(_:)``; if the system refuses, it is tried again at the channel's next deadline.
    func watchAgain(_ channel: Channel, interest: Readiness) {
        if !watch(channel, interest) { channel.setDeadline(now.advanced(by: 100_000_000)) }
    }

    /// Forgets `channel`; events for it that are already here are dropped.  Its descriptor stays open.
    func remove(_ channel: Channel) {
        let index = Int(UInt32(truncatingIfNeeded: channel.token))
        slots[index].channel = nil
        slots[index].generation &+= 1
        freeSlots.append(UInt32(index))
        unsafe channel.loop = nil
        channel.isWilling = false
        channel.promisedTick = .max
    }

    /// Sees to it that the wheel looks at `channel` by its deadline.
    func promise(_ channel: Channel) {
        guard channel.deadline < .distantFuture else { return }
        let tick = TimerWheel.tick(of: channel.deadline)
        guard tick < channel.promisedTick else { return }
        channel.promisedTick = wheel.enter(channel.token, at: tick)
    }
}

/// What a descriptor is ready for: the bits of `epoll_event.events`.
public struct Readiness: OptionSet, Sendable {
    /// The system's bits.
    public let rawValue: UInt32
    /// Bits as `epoll` gives them.
    @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Bytes, a connection or the end can be read.
    public static let readable = Readiness(rawValue: 0x001)
    /// Bytes can be written.
    public static let writable = Readiness(rawValue: 0x004)
    /// The descriptor failed.
    public static let failed = Readiness(rawValue: 0x008)
    /// Both directions are shut.
    public static let hungUp = Readiness(rawValue: 0x010)
    /// The peer will send no more.
    public static let peerFinished = Readiness(rawValue: 0x2000)
    /// Wake one of several loops that share the descriptor.
    static let exclusive = Readiness(rawValue: 1 << 28)
    private static let edge = Readiness(rawValue: 1 << 31)

    /// Connections: both directions and the peer's end, told once at each change.
    public static let edges: Readiness = [.readable, .writable, .peerFinished, .edge]
    /// Listeners of one loop: told as long as something waits.
    static let arrivals: Readiness = [.readable]
    /// Listeners that several loops share.
    static let sharedArrivals: Readiness = [.readable, .exclusive]
}

/// Something that an ``EventLoop`` tells of readiness and of its deadline: one descriptor, or none (a timer).
open class Channel {
    /// The descriptor that is watched; -1 for none.  Closed by ``close()``.
    public internal(set) final var descriptor: Int32
    /// The loop that watches it, until it is closed.
    public internal(set) final unowned(unsafe) var loop: EventLoop?
    final var token: UInt64 = 0
    /// Nobody uses it at the moment: its events are told before all others of a round.
    public final var isParked = false
    /// It was told in this round's first pass.
    fileprivate final var isTold = false
    /// It waits for another turn: see ``EventLoop/tellAgain(_:)``.
    fileprivate final var isWilling = false
    /// When ``deadlinePassed()`` is due.
    public fileprivate(set) final var deadline = MonotonicTime.distantFuture
    /// The earliest tick at which the wheel will look at this channel; `.max` when it will not.
    fileprivate(set) final var promisedTick = Int64.max {
        didSet { promisedUntil = TimerWheel.start(of: promisedTick) }
    }
    /// No deadline from here on needs a new promise.
    private final var promisedUntil = MonotonicTime.distantFuture

    /// A channel over `descriptor`, which it now owns.
    public init(descriptor: Int32 = -1) {
        self.descriptor = descriptor
    }

    /// The descriptor became ready.
    open func ready(_ readiness: Readiness) {}

    /// The deadline has passed; it is unset.
    open func deadlinePassed() {}

    /// All events of a round were told, and it had asked for this by ``EventLoop/postpone(_:)``.
    open func roundEnds() {}

    /// Sets the deadline; moving it later is a store.
    public final func setDeadline(_ deadline: MonotonicTime) {
        self.deadline = deadline
        if deadline < promisedUntil, let loop = unsafe loop { loop.promise(self) }
    }

    /// A loop tells it of its events.
    public final var isInLoop: Bool { unsafe loop != nil }

    /// Leaves the loop and closes the descriptor.  Doing so twice is harmless.
    public final func close() {
        if let loop = unsafe loop { loop.remove(self) }
        guard descriptor >= 0 else { return }
        _ = Glibc.close(descriptor)
        descriptor = -1
    }
}
