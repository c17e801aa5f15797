import ConfigDSL
import Crypto
import Synchronization
import Telemetry

@testable import Credentials

/// A clock that moves when a test says so, and wakes who sleeps by it.
final class FakeClock: Sendable {
    private struct Sleeper {
        var until: Int64
        var wake: CheckedContinuation<Void, Never>
    }

    private struct State {
        var now = second(0)
        var count = 0
        var sleepers: [Int: Sleeper] = [:]
        var cancelled: Set<Int> = []
    }

    private let state = Mutex(State())
    /// How long each sleeper wants to sleep, when it begins.
    let naps: AsyncStream<Duration>
    private let napBegan: AsyncStream<Duration>.Continuation

    init() { (naps, napBegan) = AsyncStream.makeStream() }

    var now: TokenInstant { state.withLock { $0.now } }

    /// Sleeps until the clock was moved far enough, or the task is cancelled.
    func sleep(_ duration: Duration) async {
        let number = state.withLock { state in
            state.count += 1
            return state.count
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { wake in
                let isOver = state.withLock { state in
                    if state.cancelled.contains(number) || duration <= .zero { return true }
                    let until = state.now.advanced(by: duration).nanoseconds
                    state.sleepers[number] = Sleeper(until: until, wake: wake)
                    return false
                }
                if isOver { wake.resume() }
                napBegan.yield(duration)
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(number)
                return state.sleepers.removeValue(forKey: number)
            }
            sleeper?.wake.resume()
        }
    }

    /// Lets `duration` pass; whoever has slept enough wakes.
    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.until <= state.now.nanoseconds }
            for number in due.keys { state.sleepers[number] = nil }
            return due.values.sorted { $0.until < $1.until }
        }
        for sleeper in due { sleeper.wake.resume() }
    }
}

/// A token endpoint whose answers a test gives, one by one.
final class FakeEndpoint: Sendable {
    /// A request that waits for its answer.
    struct Call: Sendable {
        var request: TokenRequest
        fileprivate var answer: CheckedContinuation<Result<TokenAnswer, TransferFailure>, Never>

        func succeed(_ text: String, lifetime: Int) {
            let body = Array(#"{"access_token":"\#(text)","expires_in":\#(lifetime)}"#.utf8)
            answer.resume(returning: .success(TokenAnswer(status: 200, fields: [], body: body)))
        }

        func fail(_ sentence: String = "refused") { answer.resume(returning: .failure(TransferFailure(sentence))) }
    }

    let calls: AsyncStream<Call>
    private let called: AsyncStream<Call>.Continuation
    private let counter = Atomic(0)

    init() { (calls, called) = AsyncStream.makeStream() }

    /// Requests so far.
    var count: Int { counter.load(ordering: .relaxed) }

    func fetch(_ request: TokenRequest) async throws(TransferFailure) -> TokenAnswer {
        counter.add(1, ordering: .relaxed)
        let result = await withCheckedContinuation { called.yield(Call(request: request, answer: $0)) }
        return try result.get()
    }
}

/// A store among fakes.  Each of its streams has one reader.
struct StoreBench: Sendable {
    let clock = FakeClock()
    let endpoint = FakeEndpoint()
    let events: AsyncStream<TokenEvent>
    let store: TokenStore
    let log = LogSink()

    init(jitter: Double = 0.5) {
        let (events, told) = AsyncStream<TokenEvent>.makeStream()
        self.events = events
        let (clock, endpoint, log) = (clock, endpoint, log)
        store = TokenStore(
            TokenStore.Surroundings(
                fetch: { request throws(TransferFailure) in try await endpoint.fetch(request) },
                environment: .empty, now: { clock.now }, sleep: { await clock.sleep($0) }, jitter: { jitter },
                tell: { told.yield($0) },
                log: Logger(
                    level: .info, now: { Timestamp(unixMilliseconds: 0) },
                    sink: { log.write(String(decoding: $0, as: UTF8.self)) })))
    }
}

/// Lines of the operator's log.
final class LogSink: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] { kept.withLock { $0 } }

    func write(_ line: String) { kept.withLock { $0.append(line) } }
}

extension TokenEnvironment {
    /// Without files; its randomness is all zeros.
    static let empty = TokenEnvironment(
        readFile: { _, _ throws(FileFailure) in throw .notFound },
        readGuardedFile: { _, _ throws(FileFailure) in throw .notFound },
        random: RandomBytes { bytes in for index in bytes.indices { bytes[index] = 0 } })
}

extension TokenInstant {
    /// A moment at a whole second of the wall clock.
    init(nanoseconds: Int64, unixSeconds: Int64) {
        self.init(nanoseconds: nanoseconds, unixNanoseconds: unixSeconds * 1_000_000_000)
    }
}
