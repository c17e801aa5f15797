internal import Admission
internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Telemetry
internal import Transport
internal import Upstream

/// What the control plane tells a worker; each answers through the ``Barrier`` that comes with it.
enum WorkerMessage: Sendable {
    /// Serve by this generation from now on; `sockets` are this worker's for binds that are new.
    case install(Generation, sockets: [String: ListeningSocket], done: Barrier)
    /// A token of this identity, to be used from now on.
    case token(TokenIdentity, AccessToken)
    /// There is no token of this identity before so many seconds have passed.
    case noToken(TokenIdentity, retryAfterSeconds: Int)
    /// A name has other addresses now.
    case addresses(host: String, port: UInt16, [SocketAddress])
    /// Take no more connections; end idle ones now, others after their answer.
    case drain(done: Barrier)
    /// End the loop.
    case stop
}

/// One worker thread's world: a loop, listeners, connections, pools, buffers.  Nothing here is shared with another.
final class Worker {
    let loop: EventLoop
    let services: WorkerServices
    /// Its place among the workers.
    let index: Int
    private(set) var isDraining = false
    /// What serves new exchanges.
    private(set) var generation: WorkerGeneration
    /// What this worker counts.
    let meters: MeterPage
    /// Bodies held at the moment.
    var bodies: BodyBudget
    /// Where bytes of refused clients go.
    var dropped = ByteBuffer()

    private var listeners: [String: (listener: Listener, binding: ListenerBinding)] = [:]
    /// Who is connected.
    private(set) var clients: [ObjectIdentifier: ClientConnection] = [:]
    private var tokenSlots: [TokenIdentity: TokenSlot] = [:]
    private var drained: Barrier?
    private var spare = SpareCells()
    private let requestIDs: RequestIDs
    /// Whether the generation has an access log; kept beside it, since asking it counts references at each answer.
    private var writesAccessLog = false
    private var lines = ByteBuffer()
    private var timeText = TimestampText()
    private var linesTimer: Ticker?
    private var dateNow = HTTPDate.bytes(secondsSince1970: 0)
    private var dateUntil = MonotonicTime(nanoseconds: 0)
    private var wallOffset: Int64 = 0
    private var requestCount: UInt32 = 0
    private var told = RecentMessages()

    /// Log lines handed over at once, or after a pause of ``linesPauseNanoseconds``.
    private static let linesBytes = 65_536
    private static let linesPauseNanoseconds: Int64 = 100_000_000

    init(index: Int, services: WorkerServices, mailbox: Mailbox<WorkerMessage>) throws(SystemError) {
        (self.index, self.services) = (index, services)
        requestIDs = RequestIDs(process: services.processID, worker: index)
        bodies = BodyBudget(sharing: services.heldBytes)
        meters = services.meters.newPage()
        loop = try EventLoop()
        generation = WorkerGeneration(
            .none(log: services.log), previous: nil, loop: loop, addresses: { _ in [] }, nameIsStale: { _ in },
            meters: meters, tokenSlot: TokenSlot.init)
        try mailbox.attach(to: loop) { [unowned self] message in receive(message) }
        let timer = Ticker { [unowned self] in handOverLines() }
        linesTimer = timer
        try loop.add(timer)
        loop.endOfRound = { [unowned self] in
            if lines.count >= Self.linesBytes { handOverLines() }
        }
    }

    private func receive(_ message: WorkerMessage) {
        switch message {
        case .install(let shared, let sockets, let done):
            install(shared, sockets)
            done.arrive()
        case .addresses(let host, let port, let addresses):
            for pool in generation.pools where pool.target.dialled == (host, port) {
                pool.update(addresses: addresses)
            }
        case .token(let identity, let token):
            let slot = slot(for: identity)
            if let old = slot.token, old.serial != token.serial { spare.tokenWasReplaced() }
            slot.receive(token)
        case .noToken(let identity, let seconds):
            let slot = slot(for: identity)
            if slot.token != nil { spare.tokenWasReplaced() }
            slot.refuse(
                until: loop.now.advanced(by: Int64(seconds) * 1_000_000_000), retryAfterSeconds: seconds)
        case .drain(let done):
            drain(done)
        case .stop:
            handOverLines()
            loop.stop()
        }
    }

    // MARK: Generations

    private func install(_ shared: Generation, _ sockets: [String: ListeningSocket]) {
        handOverLines()
        let resolver = services.resolver
        generation = WorkerGeneration(
            shared, previous: generation, loop: loop,
            addresses: { resolver.addresses(of: $0.dialled.host, port: $0.dialled.port) },
            nameIsStale: { resolver.isStale(host: $0.dialled.host, port: $0.dialled.port) },
            meters: meters, tokenSlot: { slot(for: $0) })
        writesAccessLog = shared.accessLog != nil
        let kept = Set(shared.credentials.compactMap(\.strategy.tokenIdentity))
        for (identity, slot) in tokenSlots where !kept.contains(identity) {
            tokenSlots[identity] = nil
            slot.retire()
        }
        bodies.limitBytes = shared.heldBodyLimitBytes
        told.forget()
        for (index, settings) in shared.listeners.enumerated() {
            if let known = listeners[settings.bindKey] {
                known.binding.update(settings, index: index, generation.listenerMeters[index])
                if let socket = sockets[settings.bindKey] { replace(known.listener, by: socket, known.binding) }
            } else if let socket = sockets[settings.bindKey] {
                let page = services.connections.page(of: settings.bindKey)
                listen(on: socket, ListenerBinding(settings, index: index, generation.listenerMeters[index], page))
            }
        }
        for (bind, entry) in listeners where generation.listenersByBind[bind] == nil { closeListener(bind, entry) }
        if listeners.count != shared.listeners.count { generation.shared.log.error("a listener could not be started") }
    }

    /// Where this worker has the token of `identity`, from before its generation if need be.
    private func slot(for identity: TokenIdentity) -> TokenSlot {
        if let known = tokenSlots[identity] { return known }
        let fresh = TokenSlot(identity)
        tokenSlots[identity] = fresh
        return fresh
    }

    /// The socket's file was taken away and bound again: who connected before is served, others come the new way.
    private func replace(_ old: Listener, by socket: ListeningSocket, _ binding: ListenerBinding) {
        old.acceptAll()
        old.close()
        listeners[binding.settings.bindKey] = nil
        listen(on: socket, binding)
    }

    private func listen(on socket: ListeningSocket, _ binding: ListenerBinding) {
        var isShared = false
        if case .unix = socket.address { isShared = true }
        let listener = Listener(socket, isShared: isShared) { [unowned self] descriptor, peer in
            accepted(descriptor, peer, binding)
        }
        listener.mayAccept = { [unowned self] in
            if services.connections.hasRoom(at: binding.page, limit: binding.settings.connectionLimit) { return true }
            tellOfCrowd(.clients, "as many clients are connected as may be; new connections wait")
            return false
        }
        listener.outOfDescriptors = { [unowned self] in
            tellOfCrowd(.descriptors, "no descriptor is left; new connections wait")
        }
        do throws(SystemError) {
            try listener.start(in: loop)
            listeners[binding.settings.bindKey] = (listener, binding)
        } catch {
            generation.shared.log.error("a listener could not be watched", [LogField("error", "\(error)")])
        }
    }

    private func closeListener(_ bind: String, _ entry: (listener: Listener, binding: ListenerBinding)) {
        // Whoever got into the queue is served; then the door closes.
        entry.listener.acceptAll()
        entry.listener.close()
        entry.binding.isRemoved = true
        listeners[bind] = nil
        for client in clients.values where client.binding === entry.binding { client.endWhenIdle() }
    }

    private func drain(_ done: Barrier) {
        isDraining = true
        for (bind, entry) in listeners { closeListener(bind, entry) }
        for client in clients.values { client.endWhenIdle() }
        drained = done
        tellIfDrained()
    }

    private func tellIfDrained() {
        guard clients.isEmpty, let done = drained else { return }
        drained = nil
        handOverLines()
        done.arrive()
    }

    // MARK: Connections

    private func accepted(_ descriptor: Int32, _ peer: SocketAddress, _ binding: ListenerBinding) {
        // First of all: of those who come too often, little is made.
        guard
            services.connections.enter(
                peer, at: binding.page, limitPerHost: binding.settings.connectionLimitPerHost)
        else {
            binding.meter.refused()
            Connection(descriptor: descriptor).close()
            return
        }
        var tls: TLSConnection?
        if let context = binding.settings.tls {
            do throws(TLSError) {
                tls = try TLSConnection(server: context)
            } catch {
                generation.shared.log.error("TLS cannot be started", [LogField("error", "\(error)")])
            }
        }
        let client = ClientConnection(descriptor: descriptor, peer: peer, tls: tls, binding: binding, worker: self)
        if case .unix = peer, let process = Connection.peerProcess(of: descriptor) {
            client.process = PeerProcess(
                userID: process.userID, groupID: process.groupID, processID: process.processID)
        }
        guard tls != nil || binding.settings.tls == nil, (try? loop.add(client)) != nil else {
            services.connections.leave(peer, at: binding.page)
            binding.meter.refused()
            client.close()
            return
        }
        client.meter.accepted()
        clients[ObjectIdentifier(client)] = client
        client.setDeadline(loop.now.advanced(by: binding.settings.requestHead))
    }

    func closed(_ client: ClientConnection) {
        guard clients.removeValue(forKey: ObjectIdentifier(client)) != nil else { return }
        services.connections.leave(client.peer, at: client.binding.page)
        client.meter.closed()
        tellIfDrained()
    }

    func lendCell(for client: ClientConnection) -> ExchangeCell {
        spare.take(limits: client.binding.settings.headLimits)
    }

    func takeBack(_ cell: ExchangeCell) { spare.give(cell) }

    /// The exchange's body is not needed any more: what it takes is given back.
    func bodyEnded(_ cell: ExchangeCell) {
        guard cell.exchange.body.count > 0 else { return }
        let held = cell.exchange.body.heldBytes
        cell.exchange.body.dropBytes()
        _ = bodies.move(from: held, to: 0)
    }

    // MARK: What exchanges ask

    /// The date of now, as HTTP writes it.
    func date() -> InlineArray<29, UInt8> {
        if loop.now >= dateUntil { readWallClock() }
        return dateNow
    }

    /// Now, as tokens count time: a machine that slept, or whose clock was set, must not send an expired one.
    func tokenInstant() -> TokenInstant {
        if loop.now >= dateUntil { readWallClock() }
        return TokenInstant(
            nanoseconds: loop.now.nanoseconds, unixNanoseconds: loop.now.nanoseconds &+ wallOffset)
    }

    private func readWallClock() {
        let wall = WallClock.current()
        let monotonic = MonotonicTime.current()
        wallOffset = wall &- monotonic.nanoseconds
        dateNow = HTTPDate.bytes(secondsSince1970: Int(wall / 1_000_000_000))
        dateUntil = monotonic.advanced(by: 1_000_000_000 - wall % 1_000_000_000)
    }

    /// Counts exchanges.
    func nextNumber() -> UInt32 {
        requestCount &+= 1
        return requestCount
    }

    /// `xxxxxxxx-w-nnnnnnnn`: the process, the worker, the exchange.
    func requestID(_ number: UInt32) -> InlineArray<20, UInt8> {
        requestIDs.id(number)
    }

    // MARK: Telling

    /// An exchange has ended: it is counted, and has its line in the access log.
    func logAccess(_ cell: ExchangeCell, _ client: ClientConnection) {
        let route = cell.exchange.route
        count(cell, route)
        guard writesAccessLog else { return }
        if lines.isEmpty { linesTimer?.setDeadline(loop.now.advanced(by: Self.linesPauseNanoseconds)) }
        if cell.exchange.number == 0 { cell.exchange.number = nextNumber() }
        if loop.now >= dateUntil { readWallClock() }
        let time = Timestamp(unixMilliseconds: (loop.now.nanoseconds &+ wallOffset) / 1_000_000)
        AccessLogLine.write(
            &cell.exchange, route, client, at: time, &timeText, now: loop.now, id: requestID(cell.exchange.number),
            into: &lines)
    }

    private func handOverLines() {
        guard !lines.isEmpty else { return }
        generation.shared.accessLog?.write(lines.span.array)
        lines.clear()
    }

    /// Counts an exchange that has ended without an answer, unless it was counted before.
    func count(_ cell: ExchangeCell) { count(cell, cell.exchange.route) }

    /// Counts an exchange that has ended, unless it was counted before or never began.
    private func count(_ cell: ExchangeCell, _ route: WorkerRoute?) {
        guard cell.exchange.isInFlight || cell.exchange.status > 0 else { return }
        if cell.exchange.isInFlight { meters.worker.ended() }
        cell.exchange.isInFlight = false
        if let reason = cell.exchange.reason { meters.worker.answered(reason: Int(reason.rawValue)) }
        let started = cell.exchange.startedAt
        let outcome = RouteMeter.Exchange(
            status: cell.exchange.status, nanoseconds: started.nanoseconds == 0 ? 0 : loop.now.since(started),
            attempts: cell.exchange.attempts, requestBytes: cell.exchange.body.count,
            answerBytes: cell.exchange.answerBodyBytes)
        if let route { route.meter.ended(outcome) } else { meters.unrouted.ended(outcome) }
    }

    /// A resource could not be reached.
    func note(_ failure: ConnectFailure, _ route: RouteSettings?) {
        let subject = RecentMessages.Subject.unreachable(resource: route?.resource.index ?? -1, failure.kind)
        guard told.mayTell(subject, at: loop.now) else { return }
        generation.shared.log.warning(
            "a resource cannot be reached",
            [LogField("resource", route?.resource.name ?? ""), LogField("error", "\(failure)")])
    }

    /// A resource refused our credential; a wrong clock is told, since nothing else would explain it.
    func noteRefusal(_ cell: ExchangeCell, _ route: RouteSettings) {
        let subject = RecentMessages.Subject.refused(
            resource: route.resource.index, credential: route.credential.index)
        guard told.mayTell(subject, at: loop.now) else { return }
        var fields = [LogField("resource", route.resource.name), LogField("credential", route.credential.name)]
        if let skew = cell.exchange.clockSkewSeconds(at: Int((loop.now.nanoseconds &+ wallOffset) / 1_000_000_000)) {
            fields.append(LogField("clock_differs_by_seconds", "\(skew)"))
        }
        generation.shared.log.warning("a resource refused the credential", fields)
    }

    /// Why new connections wait; told once a second by all workers together.
    private func tellOfCrowd(_ cause: ConnectionBook.Crowd, _ message: String) {
        if services.connections.mayTell(of: cause, at: loop.now) { generation.shared.log.warning(message) }
    }
}

/// A listener as its connections know it: its settings in whatever generation is current.
final class ListenerBinding {
    private(set) var settings: ListenerSettings
    private(set) var index: Int
    /// What is counted of connections that come in now.
    private(set) var meter: ListenerMeter
    /// Who came in by it, in all workers.
    let page: ConnectionBook.Page
    /// It is gone from the configuration: its connections end with their answers.
    var isRemoved = false

    init(_ settings: ListenerSettings, index: Int, _ meter: ListenerMeter, _ page: ConnectionBook.Page) {
        (self.settings, self.index, self.meter, self.page) = (settings, index, meter, page)
    }

    func update(_ settings: ListenerSettings, index: Int, _ meter: ListenerMeter) {
        (self.settings, self.index, self.meter) = (settings, index, meter)
    }
}

/// A timer without a descriptor.
private final class Ticker: Channel {
    private let tick: () -> Void

    init(_ tick: @escaping () -> Void) {
        self.tick = tick
        super.init()
    }

    override func deadlinePassed() { tick() }
}
