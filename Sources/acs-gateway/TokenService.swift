internal import ConfigDSL
internal import Credentials
internal import Crypto
internal import HTTPClient
internal import Proxy
internal import Synchronization
internal import Telemetry
internal import Transport

/// Brings together who decides about tokens (`Credentials`), who fetches them (`HTTPClient`) and who sends them (the
/// workers).  Nothing here waits: orders go to the store in a queue, its events to the workers' mailboxes.
final class TokenService: Sendable {
    /// What workers ask at.
    let desk: TokenDesk
    private let store: TokenStore
    private let relay: Relay
    private let orders: AsyncStream<Order>.Continuation

    /// A credential that fetches tokens, and its name.
    private typealias Wanted = (name: String, strategy: any TokenStrategy)

    /// What the store is told, one after the other: what a request asks for must be known when it asks.
    private enum Order: Sendable {
        case prepare([Wanted])
        case serve([Wanted], generation: Int)
        case needed(TokenIdentity)
        case rejected(TokenIdentity, serial: UInt64, claims: String?)

        func carryOut(by store: TokenStore) async {
            switch self {
            case .prepare(let wanted): await store.prepare(wanted)
            case .serve(let wanted, let generation): await store.serve(wanted, generation: generation)
            case .needed(let identity): await store.needed(identity)
            case .rejected(let identity, let serial, let claims):
                await store.rejected(identity, token: serial, claims: claims)
            }
        }
    }

    /// The way from the store to the workers, which exist only later.
    private final class Relay: Sendable {
        private let workers = Mutex<WorkerGroup?>(nil)

        func connect(_ group: WorkerGroup) { workers.withLock { $0 = group } }

        func tell(_ event: TokenEvent) {
            guard let workers = workers.withLock({ $0 }) else { return }
            switch event {
            case .token(let identity, let token): workers.use(token, for: identity)
            case .unavailable(let identity, let seconds, _):
                workers.noToken(for: identity, retryAfterSeconds: seconds)
            }
        }
    }

    /// Whether there ever was a token to keep; without one, nothing is started.
    private let isNeeded = Mutex(false)

    /// A service without credentials.
    init(log: Logger) {
        let client = LazyClient()
        let relay = Relay()
        let store = TokenStore(
            TokenStore.Surroundings(
                fetch: client.fetch,
                environment: .system, now: { .current }, sleep: { try? await Task.sleep(for: $0) },
                jitter: { Double.random(in: 0...1) }, tell: { relay.tell($0) }, log: log))
        let (stream, orders) = AsyncStream.makeStream(of: Order.self)
        (self.store, self.relay, self.orders) = (store, relay, orders)
        desk = TokenDesk(
            needed: { orders.yield(.needed($0)) },
            rejected: { orders.yield(.rejected($0, serial: $1, claims: $2)) })
        Task { for await order in stream { await order.carryOut(by: store) } }
    }

    /// Events go to `workers` from now on.
    func connect(_ workers: WorkerGroup) { relay.connect(workers) }

    /// How each credential that fetches tokens is doing.
    func figures() async -> [CredentialFigures] {
        guard isNeeded.withLock({ $0 }) else { return [] }
        return await store.status().map { status in
            CredentialFigures(
                credential: status.credential, strategy: status.strategy, source: status.source,
                ageSeconds: status.ageSeconds, remainingSeconds: status.secondsToExpiry,
                fetchesOK: status.fetchesSucceeded, fetchesFailed: status.fetchesFailed,
                lastError: status.lastFailure?.word)
        }
    }

    /// Fetches tokens for these credentials too from now on; workers may be given them next.
    func prepare(_ strategies: [String: any CredentialStrategy]) {
        let wanted = Self.wanted(of: strategies)
        guard !wanted.isEmpty else { return }
        isNeeded.withLock { $0 = true }
        orders.yield(.prepare(wanted))
    }

    /// Keeps tokens for these credentials alone from now on.
    func serve(_ strategies: [String: any CredentialStrategy], generation: Int) {
        guard isNeeded.withLock({ $0 }) else { return }
        orders.yield(.serve(Self.wanted(of: strategies), generation: generation))
    }

    private static func wanted(of strategies: [String: any CredentialStrategy]) -> [Wanted] {
        strategies.compactMap { name, strategy in
            (strategy as? any TokenStrategy).map { (name: name, strategy: $0) }
        }
    }
}

/// The HTTP library, started when the first token is fetched: a gateway that signs with keys never needs it.
private final class LazyClient: Sendable {
    private let client = Mutex<HTTPClient?>(nil)

    private func started() -> Result<HTTPClient, HTTPFailure> {
        client.withLock { client in
            if let client { return .success(client) }
            do throws(HTTPFailure) {
                let fresh = try HTTPClient()
                client = fresh
                return .success(fresh)
            } catch {
                return .failure(error)
            }
        }
    }

    /// Sends what a strategy asks for.
    func fetch(_ request: TokenRequest) async throws(TransferFailure) -> TokenAnswer {
        switch started() {
        case .success(let client): return try await client.result(of: request).get()
        case .failure(let error): throw TransferFailure(error)
        }
    }
}

extension HTTPClient {
    /// Sends what a strategy asks for.
    func result(of request: TokenRequest) async -> Result<TokenAnswer, TransferFailure> {
        do throws(HTTPFailure) {
            let answer = try await send(HTTPRequest(request))
            return .success(TokenAnswer(status: answer.status, fields: answer.fields, body: answer.body))
        } catch {
            return .failure(TransferFailure(error))
        }
    }
}

extension TransferFailure {
    fileprivate init(_ error: HTTPFailure) {
        self.init(error.sentence, isTimeout: error.kind == .timeout, isTemporary: error.isTemporary)
    }
}

extension HTTPRequest {
    fileprivate init(_ request: TokenRequest) {
        let trust: Trust =
            switch request.trust {
            case .system: .system
            case .authorities(let pem): .authorities(pem)
            case .pinned(let sha1): .pinned(sha1: sha1)
            }
        let fields = request.fields.map { name, value in
            switch value {
            case .text(let text): HTTPField(name, text)
            case .secret(let secret): HTTPField(name, secret)
            }
        }
        self.init(
            request.method == .get ? .get : .post, request.url, fields: fields, body: request.body, trust: trust,
            connectTimeout: request.connectTimeout, totalTimeout: request.totalTimeout,
            // The strategy has seen to it that plain text goes to metadata addresses and to this machine only.
            allowsPlaintext: request.url.hasPrefix("http://"), answerLimitBytes: TokenAnswer.bodyLimitBytes)
    }
}

extension TokenInstant {
    /// Now, by the clocks that workers look at.
    static var current: TokenInstant {
        TokenInstant(
            nanoseconds: MonotonicTime.current().nanoseconds, unixNanoseconds: WallClock.current())
    }
}

extension TokenEnvironment {
    /// The machine's files and randomness.
    static var system: TokenEnvironment {
        TokenEnvironment(
            readFile: { path, limit throws(FileFailure) in try secret(in: path, limit) },
            readGuardedFile: { path, limit throws(FileFailure) in try guardedFile(path, limit) }, random: .system)
    }

    private static func secret(in path: String, _ limitBytes: Int) throws(FileFailure) -> Secret {
        do throws(SystemError) {
            return try WholeFile.readSecret(path, limitBytes: limitBytes)
        } catch {
            throw FileFailure(error)
        }
    }

    private static func guardedFile(_ path: String, _ limitBytes: Int) throws(FileFailure) -> GuardedFile {
        do throws(SystemError) {
            return GuardedFile(try WholeFile.readGuarded(path, limitBytes: limitBytes))
        } catch {
            throw FileFailure(error)
        }
    }
}

extension GuardedFile {
    fileprivate init(_ file: WholeFile.Guarded) {
        let owner: Owner =
            if file.owner == 0 {
                .root
            } else if file.owner == WholeFile.userID(of: "himds") {
                .agent
            } else if file.owner == WholeFile.ownUserID {
                .ourselves
            } else {
                .other
            }
        // A group of its owner's own kind is no other.
        let groupIsOther = file.writingGroup.map { $0 != 0 && $0 != WholeFile.groupID(of: "himds") } ?? false
        self.init(
            content: file.content, owner: owner,
            isWritableByOthers: file.isWorldWritable || groupIsOther)
    }
}
