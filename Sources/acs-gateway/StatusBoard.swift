internal import Proxy
internal import Synchronization
internal import Telemetry
internal import Transport

/// What the main thread tells of the process, for whoever asks for metrics.
final class StatusBoard: Sendable {
    /// How a reload went.
    enum ReloadOutcome {
        case ok, unchanged, refused
    }

    private struct State {
        var figures: ControlFigures
        var accessLog: LogFile?
        /// By access logs that are closed.
        var droppedBefore = 0
    }

    private let state: Mutex<State>

    /// Before the first configuration.
    init() { state = Mutex(State(figures: ControlFigures(version: Version.current))) }

    /// A configuration took over.
    func serves(_ generation: Generation, sha256: String, accessLog: LogFile?, at unixSeconds: Int) {
        state.withLock { state in
            state.figures.generation = generation.number
            state.figures.revision = generation.revision
            state.figures.sha256 = sha256
            state.figures.loadedAt = unixSeconds
            if state.accessLog !== accessLog { state.droppedBefore += state.accessLog?.droppedLines ?? 0 }
            state.accessLog = accessLog
        }
    }

    /// A reload has ended.
    func reloaded(_ outcome: ReloadOutcome) {
        state.withLock { state in
            switch outcome {
            case .ok: state.figures.reloadsOK += 1
            case .unchanged: state.figures.reloadsUnchanged += 1
            case .refused: state.figures.reloadsRefused += 1
            }
        }
    }

    /// All metrics, as text.
    func page(_ workers: WorkerGroup, _ credentials: [CredentialFigures]) -> [UInt8] {
        let (figures, droppedLines) = state.withLock { state in
            (state.figures, state.droppedBefore + (state.accessLog?.droppedLines ?? 0))
        }
        return MetricsPage(
            meters: workers.meters, reasons: WorkerGroup.reasons, control: figures, credentials: credentials,
            heldBodyBytes: workers.heldBodyBytes, droppedLines: droppedLines
        ).text
    }
}
