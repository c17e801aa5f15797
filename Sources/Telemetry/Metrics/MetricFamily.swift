/// One metric: its name, its kind, what it means and by what it is told apart.
///
/// Names follow Prometheus ("Metric and label naming"): the program's prefix, base units, `_total` for counters.
public struct MetricFamily: Sendable {
    /// The kinds of metric that we have.
    public enum Kind: String, Sendable {
        /// Only grows, but for a restart.
        case counter
        /// Goes up and down.
        case gauge
        /// Counts by size, in buckets that include each other.
        case histogram
    }

    /// As in the text; a histogram's samples put `_bucket`, `_sum` or `_count` behind it.
    public let name: String
    /// What it is.
    public let kind: Kind
    /// One line.
    public let help: String
    /// The names of its labels.
    public let labels: [String]

    init(_ name: String, _ kind: Kind, _ help: String, by labels: [String] = []) {
        (self.name, self.kind, self.help, self.labels) = ("acs_gateway_\(name)", kind, help, labels)
    }
}

/// All metrics, in the order of the text.
extension MetricFamily {
    private static let credential = ["credential", "strategy", "source"]

    static let build = MetricFamily("build_info", .gauge, "The program's version; always 1.", by: ["version"])
    static let workers = MetricFamily("workers", .gauge, "Threads that serve.")
    static let generation = MetricFamily("generation", .gauge, "The number of the configuration that serves.")
    static let config = MetricFamily(
        "config_info", .gauge, "The configuration that serves; always 1.", by: ["revision", "sha256"])
    static let loaded = MetricFamily(
        "config_loaded_timestamp_seconds", .gauge, "When the configuration that serves took over, since 1970.")
    static let reloads = MetricFamily("reloads_total", .counter, "Reloads by how they went.", by: ["outcome"])
    static let requests = MetricFamily(
        "requests_total", .counter, "Requests that ended, by the answer's class; `none` had no answer.",
        by: ["route", "code"])
    static let durations = MetricFamily(
        "request_duration_seconds", .histogram, "From a request's first byte to its answer's last.", by: ["route"])
    static let requestBytes = MetricFamily(
        "request_body_bytes_total", .counter, "Bytes of request bodies.", by: ["route"])
    static let answerBytes = MetricFamily(
        "response_body_bytes_total", .counter, "Bytes of answer bodies.", by: ["route"])
    static let retries = MetricFamily(
        "upstream_retries_total", .counter, "Sends to the resource after a request's first.", by: ["route"])
    static let answers = MetricFamily(
        "own_answers_total", .counter, "Answers that the gateway itself gave, by their reason.", by: ["reason"])
    static let inFlight = MetricFamily("requests_in_flight", .gauge, "Requests that began and have not ended.")
    static let heldBytes = MetricFamily("held_body_bytes", .gauge, "Memory that holds request bodies.")
    static let connections = MetricFamily(
        "connections_open", .gauge, "Connections of clients.", by: ["listener"])
    static let accepted = MetricFamily(
        "connections_accepted_total", .counter, "Connections of clients that were taken.", by: ["listener"])
    static let refused = MetricFamily(
        "connections_refused_total", .counter, "Connections that were closed at once, for a limit.",
        by: ["listener"])
    static let upstream = MetricFamily(
        "upstream_connections_total", .counter,
        "Connections that attempts got: `opened` for them, `reused`, or `failed` to get.",
        by: ["resource", "outcome"])
    static let droppedLines = MetricFamily(
        "access_log_dropped_lines_total", .counter, "Lines of the access log that could not be written.")
    static let tokenAge = MetricFamily(
        "credential_token_age_seconds", .gauge, "Since the token was asked for; absent without one.", by: credential)
    static let tokenRest = MetricFamily(
        "credential_token_remaining_seconds", .gauge, "Until the token ends; 0 without one.", by: credential)
    static let fetches = MetricFamily(
        "credential_fetches_total", .counter, "Fetches of tokens by how they went, retries not counted.",
        by: credential + ["outcome"])
    static let lastError = MetricFamily(
        "credential_last_error_info", .gauge, "What the last fetch failed with; absent when it succeeded.",
        by: credential + ["code"])

    /// Every metric there is.
    public static let all = [
        build, workers, generation, config, loaded, reloads, requests, durations, requestBytes, answerBytes, retries,
        answers, inFlight, heldBytes, connections, accepted, refused, upstream, droppedLines, tokenAge, tokenRest,
        fetches, lastError,
    ]
}
