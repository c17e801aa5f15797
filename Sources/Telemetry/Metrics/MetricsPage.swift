/// All metrics of one moment, as text.
///
/// Nothing in it is a secret: names of the configuration, and words and numbers of ours.
public struct MetricsPage: Sendable {
    /// What workers count.
    public var meters: MeterBook
    /// The names of our own answers, by their numbers.
    public var reasons: [String]
    /// What the control plane knows.
    public var control: ControlFigures
    /// Each credential that fetches tokens; no two have one name.
    public var credentials: [CredentialFigures]
    /// Memory that holds request bodies.
    public var heldBodyBytes: Int
    /// Lines of the access log that could not be written.
    public var droppedLines: Int

    /// With more routes than this, those that nobody has used are left out.
    static let routeLimit = 1000

    /// See the fields.
    public init(
        meters: MeterBook, reasons: [String], control: ControlFigures, credentials: [CredentialFigures],
        heldBodyBytes: Int, droppedLines: Int
    ) {
        (self.meters, self.reasons, self.control) = (meters, reasons, control)
        (self.credentials, self.heldBodyBytes, self.droppedLines) = (credentials, heldBodyBytes, droppedLines)
    }

    /// The media type of ``text``.
    public static let mediaType: StaticString = "text/plain; version=0.0.4; charset=utf-8"

    /// The text.
    public var text: [UInt8] {
        var text = MetricsText()
        let sums = meters.sums()
        writeControl(sums.workers, to: &text)
        writeRoutes(sums, to: &text)
        writeConnections(sums, to: &text)
        writeCredentials(to: &text)
        return text.bytes()
    }

    private func writeControl(_ workers: Int, to text: inout MetricsText) {
        text.write(.build, .level(1), [control.version])
        text.write(.workers, .level(workers))
        text.write(.generation, .level(control.generation))
        text.write(.config, .level(1), [control.revision, control.sha256])
        text.write(.loaded, .level(control.loadedAt))
        text.begin(.reloads)
        text.sample(.reloads, ["ok"], .level(control.reloadsOK))
        text.sample(.reloads, ["unchanged"], .level(control.reloadsUnchanged))
        text.sample(.reloads, ["refused"], .level(control.reloadsRefused))
    }

    private func writeRoutes(_ sums: MeterSums, to text: inout MetricsText) {
        let isLong = sums.routes.count > Self.routeLimit
        let routes = sums.routes.filter { !isLong || $0.value.requests > 0 }.sorted { $0.key < $1.key }
        text.begin(.requests)
        for (name, sums) in routes {
            for (place, code) in ["2xx", "3xx", "4xx", "5xx", "none"].enumerated() {
                text.sample(.requests, [name, code], .count(sums[RouteMeter.Column.outcomes + place]))
            }
        }
        text.begin(.durations)
        for (name, sums) in routes { text.writeDurations(name, sums) }
        let columns = [
            (MetricFamily.requestBytes, RouteMeter.Column.requestBytes), (.answerBytes, RouteMeter.Column.answerBytes),
            (.retries, RouteMeter.Column.retries),
        ]
        for (family, column) in columns {
            text.begin(family)
            for (name, sums) in routes { text.sample(family, [name], .count(sums[column])) }
        }
        text.begin(.answers)
        for (number, reason) in reasons.prefix(WorkerMeter.reasonLimit).enumerated() {
            text.sample(.answers, [reason], .count(sums.worker[WorkerMeter.Column.reasons + number]))
        }
        text.write(.inFlight, .level(sums.worker.level(WorkerMeter.Column.inFlight)))
        text.write(.heldBytes, .level(heldBodyBytes))
    }

    private func writeConnections(_ sums: MeterSums, to text: inout MetricsText) {
        let listeners = sums.listeners.sorted { $0.key < $1.key }
        text.begin(.connections)
        for (name, sums) in listeners {
            text.sample(.connections, [name], .level(sums.level(ListenerMeter.Column.open)))
        }
        text.begin(.accepted)
        for (name, sums) in listeners { text.sample(.accepted, [name], .count(sums[ListenerMeter.Column.accepted])) }
        text.begin(.refused)
        for (name, sums) in listeners { text.sample(.refused, [name], .count(sums[ListenerMeter.Column.refused])) }
        text.begin(.upstream)
        for (name, sums) in sums.resources.sorted(by: { $0.key < $1.key }) {
            text.sample(.upstream, [name, "opened"], .count(sums[ResourceMeter.Column.opened]))
            text.sample(.upstream, [name, "reused"], .count(sums[ResourceMeter.Column.reused]))
            text.sample(.upstream, [name, "failed"], .count(sums[ResourceMeter.Column.failed]))
        }
        text.write(.droppedLines, .level(droppedLines))
    }

    private func writeCredentials(to text: inout MetricsText) {
        guard !credentials.isEmpty else { return }
        text.begin(.tokenAge)
        for figures in credentials {
            if let age = figures.ageSeconds { text.sample(.tokenAge, figures.labels, .level(age)) }
        }
        text.begin(.tokenRest)
        for figures in credentials { text.sample(.tokenRest, figures.labels, .level(figures.remainingSeconds ?? 0)) }
        text.begin(.fetches)
        for figures in credentials {
            text.sample(.fetches, figures.labels + ["ok"], .level(figures.fetchesOK))
            text.sample(.fetches, figures.labels + ["failed"], .level(figures.fetchesFailed))
        }
        text.begin(.lastError)
        for figures in credentials {
            if let error = figures.lastError { text.sample(.lastError, figures.labels + [error], .level(1)) }
        }
    }
}

extension CredentialFigures {
    fileprivate var labels: [String] { [credential, strategy, source] }
}

extension Sums {
    /// Of a route.
    fileprivate var requests: UInt64 {
        (0..<5).reduce(0) { $0 &+ self[RouteMeter.Column.outcomes + $1] }
    }
}

extension MetricsText {
    /// A family of one sample.
    fileprivate mutating func write(_ family: MetricFamily, _ value: Value, _ labels: [String] = []) {
        begin(family)
        sample(family, labels, value)
    }

    /// A route's histogram.  Its count is that of its buckets, whatever else is counted meanwhile.
    fileprivate mutating func writeDurations(_ route: String, _ sums: Sums) {
        var count: UInt64 = 0
        for place in 0...RouteMeter.bucketEnds.count {
            count &+= sums[RouteMeter.Column.buckets + place]
            let bound: Bound =
                place < RouteMeter.bucketEnds.count
                ? .upTo(Seconds(nanoseconds: UInt64(RouteMeter.bucketEnds[place]))) : .infinity
            sample(.durations, [route], suffix: "_bucket", bound: bound, .count(count))
        }
        let nanoseconds = Seconds(nanoseconds: sums[RouteMeter.Column.nanoseconds])
        sample(.durations, [route], suffix: "_sum", .seconds(nanoseconds))
        sample(.durations, [route], suffix: "_count", .count(count))
    }
}
