import Bytes
import ConfigDSL
import HTTP1

@testable import Proxy

/// A request's target against a table of routes: the first line is the target, each further one a route.
///
///     /a/%62?sig=1
///     =/a/b          exactly this path          a digit behind the mark chooses methods
///     ^1/a           this path and below
///     *              any path
///
/// - A path is accepted exactly when a plain reader finds nothing ambiguous in it (PA-2, PA-6), with the same text.
/// - The configuration reads a path as a request's path is read.
/// - The route is the first one that a plain walk over all of them finds; the same for the methods told.
/// - A query holds a credential when a plain reading finds one (CR-5).
enum RoutingProperties {
    static func check(_ script: inout Script) {
        var lines = script.text.split(separator: 0x0A, maxSplits: 13, omittingEmptySubsequences: false).map(Array.init)
        let raw = lines.removeFirst()
        // Only what the parser lets through ever comes to the router.
        var message = ByteBuffer()
        RequestWriter.requestLine("GET".utf8.span, raw.span, to: &message)
        message.append("host: a\r\n\r\n")
        var parser = RequestParser(limits: .wide)
        var head = RequestHead()
        guard (try? parser.parse(message.span, into: &head)) != nil, head.target.form == .origin else { return }
        let bytes = message.array
        let target = bytes.piece(head.target.path)
        let query = bytes.piece(head.target.query)
        require(QueryRules.holdsCredential(query.span) == PlainQuery.holdsCredential(query), "credentials in a query")

        let plain = PlainPath(target)
        var path = RequestPath()
        let isAccepted: Bool
        do throws(PathError) {
            try path.read(target.span)
            isAccepted = true
        } catch {
            isAccepted = false
        }
        require(isAccepted == (plain != nil), "what is refused is what is ambiguous (PA-2)")
        agreeWithConfiguration(target, plain)
        guard let plain else { return }
        require(path.text.array == plain.text, "the canonical text")
        require(path.segmentCount == plain.segments.count, "the segments")
        let method: HTTP1.Method = [.get, .post, .delete, .other][Int(script.choices & 3)]
        route(lines, method, path, plain)
    }

    private static func agreeWithConfiguration(_ target: [UInt8], _ plain: PlainPath?) {
        let configured = try? CanonicalPath(String(decoding: target, as: UTF8.self))
        guard let plain, plain.segments.count <= CanonicalPath.depthLimit else {
            return require(configured == nil, "what requests may not have, routes may not")
        }
        require(configured?.segments.map { Array($0.utf8) } == plain.segments, "a route's path reads as a request's")
    }

    private static func route(
        _ lines: [[UInt8]], _ method: HTTP1.Method, _ path: borrowing RequestPath, _ plain: PlainPath
    ) {
        let routes = lines.compactMap(PlainRoute.init)
        let router = Router(routes.map(\.condition))
        let name = Array(PlainRoute.names[method] ?? "PURGE".utf8[...])
        let query = RouteQuery(method: method, methodBytes: name.span, host: "a".utf8.span, listener: 0)
        let covering = routes.indices.filter { routes[$0].covers(plain) }
        let expected: Router.Decision
        if let first = covering.first(where: { routes[$0].takes(method) }) {
            expected = .route(first)
        } else {
            expected = covering.isEmpty ? .none : .methodNotAllowed
        }
        require(router.decide(query, at: path) == expected, "the first route that takes it")
        let allowed = router.allowedMethods(query, at: path)
        require(Set(allowed).count == allowed.count, "each method is told once")
        require(allowed.isEmpty == covering.isEmpty, "methods are told for the routes that cover it")
    }
}

/// One route of an input.
private struct PlainRoute {
    static let names: [HTTP1.Method: Substring.UTF8View] = [
        .get: "GET".utf8[...], .post: "POST".utf8[...], .delete: "DELETE".utf8[...],
    ]

    var isAny = false
    var isPrefix = false
    var segments: [[UInt8]] = []
    /// `nil` for all.
    var methods: [String]?

    init?(_ line: [UInt8]) {
        guard let mark = line.first else { return nil }
        var rest = line.dropFirst()
        switch rest.first {
        case UInt8(ascii: "1")?: methods = ["GET"]
        case UInt8(ascii: "2")?: methods = ["POST", "PURGE"]
        case UInt8(ascii: "3")?: methods = ["DELETE", "GET"]
        case _: methods = nil
        }
        if methods != nil { rest = rest.dropFirst() }
        switch mark {
        case UInt8(ascii: "*"): isAny = true
        case UInt8(ascii: "^"): isPrefix = true
        case UInt8(ascii: "="): isPrefix = false
        case _: return nil
        }
        guard !isAny else { return }
        guard let path = try? CanonicalPath(String(decoding: rest, as: UTF8.self)) else { return nil }
        segments = path.segments.map { Array($0.utf8) }
    }

    var condition: RouteCondition {
        let text = segments.reduce(into: [UInt8]()) { $0 += [0x2F] + $1 }
        return RouteCondition(
            path: isAny ? .any : isPrefix ? .below(text) : .exactly(text),
            methods: methods.map { RouteCondition.Methods($0) }, host: nil, listener: nil)
    }

    func covers(_ path: PlainPath) -> Bool {
        isAny || (isPrefix ? path.segments.starts(with: segments) : path.segments == segments)
    }

    func takes(_ method: HTTP1.Method) -> Bool {
        guard let methods else { return true }
        let name = Self.names[method].map { String(Substring($0)) } ?? "PURGE"
        return methods.contains(name)
    }
}
