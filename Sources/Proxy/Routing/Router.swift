internal import Bytes
internal import HTTP1

/// What a route asks of a request; everything given must hold.
struct RouteCondition: Sendable {
    /// How the path is compared, in canonical form.
    enum Path: Sendable {
        case any
        case exactly([UInt8])
        case below([UInt8])
    }

    /// Methods, or `nil` for all.
    struct Methods: Sendable {
        /// A bit for each ``HTTP1/Method`` that has a name of its own.
        var known: UInt16
        /// Others, by their bytes.
        var others: [[UInt8]]
    }

    var path: Path
    var methods: Methods?
    /// Lower case, without port.
    var host: [UInt8]?
    /// The listener's index in its generation.
    var listener: Int?
}

/// What a request asks for, as far as routes look at it.
struct RouteQuery: ~Copyable, ~Escapable {
    let method: Method
    let methodBytes: Span<UInt8>
    /// The name in `Host`; empty when there is none.
    let host: Span<UInt8>
    let listener: Int

    @_lifetime(copy methodBytes, copy host)
    init(method: Method, methodBytes: Span<UInt8>, host: Span<UInt8>, listener: Int) {
        (self.method, self.methodBytes, self.host, self.listener) = (method, methodBytes, host, listener)
    }
}

/// Finds the first route that takes a request.  A table by path, so that thousands of routes cost what ten do.
struct Router: Sendable {
    /// What came of it.
    enum Decision: Equatable {
        case route(Int)
        /// Only the method is wrong.
        case methodNotAllowed
        case none
    }

    private struct Entry {
        var hash: PathHash
        var isPrefix: Bool
        var route: Int
        /// The next entry of the same bucket, with a higher route; -1 at the end.
        var next: Int
    }

    private let matches: [RouteCondition]
    private var entries: [Entry] = []
    /// The first entry of each bucket; a power of two of them.
    private var buckets: [Int]
    /// Routes that look at no path, in order.
    private var pathless: [Int] = []
    /// The deepest prefix.
    private var depth = 0

    /// A table of `matches`, which stand in the file's order.
    init(_ matches: [RouteCondition]) {
        self.matches = matches
        var size = 16
        while size < matches.count * 2 { size *= 2 }
        buckets = Array(repeating: -1, count: size)
        for index in matches.indices.reversed() {
            switch matches[index].path {
            case .any: pathless.insert(index, at: 0)
            case .exactly(let path): enter(path, isPrefix: false, route: index)
            case .below(let path):
                enter(path, isPrefix: true, route: index)
                depth = max(depth, path.count { $0 == 0x2F })
            }
        }
    }

    private mutating func enter(_ path: [UInt8], isPrefix: Bool, route: Int) {
        var hash = PathHash()
        for byte in path { hash.combine(byte) }
        let bucket = Int(truncatingIfNeeded: hash.value) & (buckets.count - 1)
        entries.append(Entry(hash: hash, isPrefix: isPrefix, route: route, next: buckets[bucket]))
        buckets[bucket] = entries.count - 1
    }

    /// The first route for `query` at `path`.
    func decide(_ query: borrowing RouteQuery, at path: borrowing RequestPath) -> Decision {
        var best = Int.max
        var methodIsWrong = false
        for index in pathless where index < best {
            consider(index, query, best: &best, methodIsWrong: &methodIsWrong)
        }
        look(path.hash, end: path.text.count, isPrefix: false, path, query, &best, &methodIsWrong)
        for level in 0..<min(depth + 1, path.boundaries.count) {
            let boundary = path.boundaries[level]
            look(boundary.hash, end: boundary.end, isPrefix: true, path, query, &best, &methodIsWrong)
        }
        if best < .max { return .route(best) }
        return methodIsWrong ? .methodNotAllowed : .none
    }

    private func look(
        _ hash: PathHash, end: Int, isPrefix: Bool, _ path: borrowing RequestPath, _ query: borrowing RouteQuery,
        _ best: inout Int, _ methodIsWrong: inout Bool
    ) {
        var next = buckets[Int(truncatingIfNeeded: hash.value) & (buckets.count - 1)]
        while next >= 0 {
            let entry = entries[next]
            next = entry.next
            guard entry.route < best else { return }  // a bucket stands in the routes' order
            guard entry.hash == hash, entry.isPrefix == isPrefix else { continue }
            switch matches[entry.route].path {
            case .exactly(let expected), .below(let expected):
                guard path.text.span.extracting(..<end).equals(expected.span) else { continue }
            case .any: continue
            }
            consider(entry.route, query, best: &best, methodIsWrong: &methodIsWrong)
        }
    }

    private func consider(
        _ index: Int, _ query: borrowing RouteQuery, best: inout Int, methodIsWrong: inout Bool
    ) {
        if let listener = matches[index].listener, listener != query.listener { return }
        if let host = matches[index].host, !query.host.equalsFolded(host.span) { return }
        if let methods = matches[index].methods, !methods.contains(query.method, query.methodBytes) {
            methodIsWrong = true
            return
        }
        best = min(best, index)
    }

    /// The methods that routes at `path` take, each once, in the routes' order: the value of `allow`.  For a route that
    /// takes any, those that have a name of their own and are not refused everywhere.
    func allowedMethods(_ query: borrowing RouteQuery, at path: borrowing RequestPath) -> [String] {
        var names: [String] = []
        for match in matches {
            if let listener = match.listener, listener != query.listener { continue }
            if let host = match.host, !query.host.equalsFolded(host.span) { continue }
            guard match.covers(path) else { continue }
            for name in match.methods?.names ?? RouteCondition.Methods.usual where !names.contains(name) {
                names.append(name)
            }
        }
        return names
    }
}

extension RouteCondition {
    /// Whether `path` is one that this match's path takes; the slow way, for error answers.
    fileprivate func covers(_ path: borrowing RequestPath) -> Bool {
        switch self.path {
        case .any: return true
        case .exactly(let expected): return path.text.span.equals(expected.span)
        case .below(let expected):
            let text = path.text.span
            guard text.count >= expected.count, text.extracting(..<expected.count).equals(expected.span) else {
                return false
            }
            return text.count == expected.count || text[expected.count] == 0x2F
        }
    }
}

extension RouteCondition.Methods {
    private static let named: [(Method, String)] = [
        (.get, "GET"), (.head, "HEAD"), (.post, "POST"), (.put, "PUT"), (.patch, "PATCH"), (.delete, "DELETE"),
        (.options, "OPTIONS"), (.trace, "TRACE"), (.track, "TRACK"), (.connect, "CONNECT"),
    ]

    /// What a route takes that says nothing of methods.
    static let usual = named.map(\.1).filter { !["TRACE", "TRACK", "CONNECT"].contains($0) }

    /// The methods that `names` spell.
    init(_ names: [String]) {
        (known, others) = (0, [])
        for name in names {
            let method = Method(Array(name.utf8).span)
            if method == .other { others.append(Array(name.utf8)) } else { known |= 1 << UInt16(method.rawValue) }
        }
    }

    func contains(_ method: Method, _ bytes: Span<UInt8>) -> Bool {
        if method != .other { return known & (1 << UInt16(method.rawValue)) != 0 }
        for other in others where bytes.equals(other.span) { return true }
        return false
    }

    var names: [String] {
        Self.named.filter { known & (1 << UInt16($0.0.rawValue)) != 0 }.map(\.1)
            + others.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension Span where Element == UInt8 {
    /// Equal to `lowercase` once A–Z are folded.
    func equalsFolded(_ lowercase: Span<UInt8>) -> Bool {
        guard count == lowercase.count else { return false }
        for index in 0..<count where ASCII.lowercased(self[index]) != lowercase[index] { return false }
        return true
    }
}
