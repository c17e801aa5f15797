internal import Bytes
public import Transport

/// Gives metrics to whoever asks at its address, on a thread and a loop of its own, beside the workers.
///
/// `GET` and `HEAD` of `/metrics`, each on a connection of its own; nothing else is here.
public final class MetricsServer: Sendable {
    /// How a page is asked for; the answer may come on any thread, once.
    public typealias Ask = @Sendable (_ answer: @escaping @Sendable (_ page: [UInt8]) -> Void) -> Void

    private let orders: Mailbox<MetricsService.Order>

    /// Serves on `socket`, which it now owns, until its own end.
    public init(_ socket: ListeningSocket, ask: @escaping Ask) throws(SystemError) {
        let orders = try Mailbox<MetricsService.Order>()
        let started = try Barrier(count: 1)
        let failure = Failure()
        self.orders = orders
        try Thread.start("acs-metrics") {
            do throws(SystemError) {
                let service = try MetricsService(socket, orders: orders, ask: ask)
                started.arrive()
                service.run()
            } catch {
                failure.set(error)
                started.arrive()
            }
        }
        _ = started.wait(timeout: .seconds(10))
        if let error = failure.error { throw error }
    }

    deinit { orders.post(.end) }
}

/// What the connections of a ``MetricsServer`` share; belongs to the loop's thread.
final class MetricsService {
    /// What the loop is told.
    enum Order: Sendable {
        /// What was asked for.
        case page([UInt8])
        /// The address is given up.
        case end
    }

    /// Clients served at once; more wait in the system's queue.
    private static let connectionLimit = 32

    private let loop: EventLoop
    private let orders: Mailbox<Order>
    private let ask: MetricsServer.Ask
    private var listener: Listener?
    private var connections: [ObjectIdentifier: MetricsConnection] = [:]
    /// Who waits for the page that was asked for.
    private var waiting: [MetricsConnection] = []
    /// A page was asked for, and has not come.
    private var isAsked = false

    init(_ socket: ListeningSocket, orders: Mailbox<Order>, ask: @escaping MetricsServer.Ask) throws(SystemError) {
        (self.orders, self.ask) = (orders, ask)
        loop = try EventLoop()
        let listener = Listener(socket, isShared: false) { [unowned self] descriptor, _ in accept(descriptor) }
        listener.mayAccept = { [unowned self] in connections.count < Self.connectionLimit }
        self.listener = listener
        try orders.attach(to: loop) { [unowned self] order in carryOut(order) }
        try listener.start(in: loop)
    }

    /// Serves until it is told to end.
    func run() {
        loop.run()
        listener?.close()
        for connection in connections.values { connection.close() }
    }

    var now: MonotonicTime { loop.now }

    private func carryOut(_ order: Order) {
        switch order {
        case .page(let page):
            let clients = waiting
            (waiting, isAsked) = ([], false)
            for client in clients { client.answer(page: page) }
        case .end: loop.stop()
        }
    }

    private func accept(_ descriptor: Int32) {
        let connection = MetricsConnection(descriptor: descriptor, service: self)
        // Without a place in the loop there is nobody to talk to: the client sees a close.
        guard (try? loop.add(connection)) != nil else { return connection.close() }
        connections[ObjectIdentifier(connection)] = connection
        connection.setDeadline(now.advanced(by: MetricsConnection.patienceNanoseconds))
    }

    /// Has the next page given to `client`: one for all who ask before it comes.
    func waitForPage(_ client: MetricsConnection) {
        waiting.append(client)
        guard !isAsked else { return }
        isAsked = true
        ask { [orders] page in orders.post(.page(page)) }
    }

    func end(_ connection: MetricsConnection) {
        connection.close()
        waiting.removeAll { $0 === connection }
        connections[ObjectIdentifier(connection)] = nil
    }
}
