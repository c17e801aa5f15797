import Support

/// A configuration as text, with parts that a test changes.
struct ConfigText {
    /// Entries of `defaults`, each a line.  Times are those of a quick machine (``Pace``).
    var defaults = ["timeouts: { connect: 3s, request_head: 10s, response_head: 10s }"]
    /// Entries of `listeners`.
    var listeners = [#"main: { bind: "127.0.0.1:0" }"#]
    /// Entries of `credentials`.
    var credentials = [#"key: { strategy: access_key, keys: ["${file:key1}"] }"#]
    /// Entries of `resources`.
    var resources: [String]
    /// Members of `routes`.
    var routes = ["{ name: all, match: { path_prefix: / }, allow: [anonymous], resource: origin }"]
    /// How many workers serve.
    var workers = 2
    /// Lines at the top level.
    var top: [String] = []
    /// Where the access log goes.
    var accessLog = "stdout"
    /// Further entries of `telemetry`, each a line.
    var telemetry: [String] = []

    /// Where the origin listens.
    let origin: Address

    /// One listener, one resource at `origin`, one route for everything.
    init(origin: Address) {
        self.origin = origin
        resources = ["origin: { endpoint: \"http://\(origin)\", credential: key }"]
    }

    /// The whole file.
    var text: String {
        let sections = [
            ("defaults", defaults), ("listeners", listeners), ("credentials", credentials), ("resources", resources),
        ]
        var lines = ["version: 1", "workers: \(workers)"] + top
        for (name, entries) in sections where !entries.isEmpty {
            lines.append("\(name):")
            lines += entries.map { "  \($0.contains("timeouts:") ? Pace.stretched($0) : $0)" }
        }
        lines.append("routes:")
        lines += routes.map { "  - \($0)" }
        lines += ["telemetry:", "  log: { level: debug }", "  access_log: { to: \(accessLog), format: json }"]
        lines += telemetry.map { "  \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The files that every such configuration names.
    static let files = ["key1": TestKeys.first, "key2": TestKeys.second]
}
