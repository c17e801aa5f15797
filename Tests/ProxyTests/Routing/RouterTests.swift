import Bytes
import HTTP1
import Testing

@testable import Proxy

extension RouteCondition {
    /// A condition as a table writes it; `path` and `prefix` in canonical form.
    init(
        path: String? = nil, prefix: String? = nil, methods: [String]? = nil, host: String? = nil, listener: Int? = nil
    ) {
        let form = { (text: String) in text == "/" ? [] : Array(text.utf8) }
        let way: Path = path.map { .exactly(form($0)) } ?? prefix.map { .below(form($0)) } ?? .any
        self.init(
            path: way, methods: methods.map { Methods($0) }, host: host.map { Array($0.utf8) }, listener: listener)
    }
}

extension Router {
    /// Decides on a request as a table writes it.
    func decide(_ method: String, _ path: String, host: String = "", listener: Int = 0) throws -> Decision {
        var reader = RequestPath()
        try reader.read(Array(path.utf8).span)
        let (name, host) = (Array(method.utf8), Array(host.utf8))
        let query = RouteQuery(
            method: HTTP1.Method(name.span), methodBytes: name.span, host: host.span, listener: listener)
        return decide(query, at: reader)
    }

    /// The value of `allow` for such a request.
    func allowed(_ path: String, host: String = "", listener: Int = 0) throws -> [String] {
        var reader = RequestPath()
        try reader.read(Array(path.utf8).span)
        let (name, host) = (Array("TRACE".utf8), Array(host.utf8))
        let query = RouteQuery(method: .trace, methodBytes: name.span, host: host.span, listener: listener)
        return allowedMethods(query, at: reader)
    }
}

@Suite("Which route takes a request")
struct RouterTests {
    @Test("the first that matches wins, whatever kinds of match they are")
    func order() throws {
        let router = Router([
            RouteCondition(path: "/sms", methods: ["POST"]), RouteCondition(prefix: "/sms"),
            RouteCondition(path: "/sms/reports"), RouteCondition(host: "gw"), RouteCondition(prefix: "/"),
        ])
        #expect(try router.decide("POST", "/sms") == .route(0))
        #expect(try router.decide("GET", "/sms") == .route(1))
        #expect(try router.decide("GET", "/sms/reports") == .route(1))
        #expect(try router.decide("GET", "/chat", host: "gw") == .route(3))
        #expect(try router.decide("GET", "/chat", host: "other") == .route(4))
        #expect(try Router([RouteCondition(prefix: "/"), RouteCondition(path: "/a")]).decide("GET", "/a") == .route(0))
        #expect(try Router([RouteCondition(), RouteCondition(path: "/a")]).decide("GET", "/a") == .route(0))
        #expect(try Router([RouteCondition(path: "/a"), RouteCondition()]).decide("GET", "/a") == .route(0))
    }

    @Test(
        "an exact path is that path alone, however it is spelled",
        arguments: [
            ("/sms", true), ("/sms/", true), ("//SMS//", true), ("/%73ms", true), ("/sms/x", false), ("/smsx", false),
            ("/", false), ("/sm", false), ("/x/sms", false),
        ])
    func exact(path: String, matches: Bool) throws {
        let router = Router([RouteCondition(path: "/sms")])
        #expect(try router.decide("GET", path) == (matches ? .route(0) : .none))
    }

    @Test(
        "a prefix covers whole segments (PA-4)",
        arguments: [
            ("/eu", true), ("/eu/", true), ("/eu/x", true), ("//EU//x/y/", true), ("/%65u/x", true), ("/europe", false),
            ("/e", false), ("/x/eu", false), ("/", false), ("/eu%20", false), ("/eu:x", false),
        ])
    func prefix(path: String, matches: Bool) throws {
        let router = Router([RouteCondition(prefix: "/eu")])
        #expect(try router.decide("GET", path) == (matches ? .route(0) : .none))
    }

    @Test("the root as a path is the root alone, as a prefix it is everything")
    func root() throws {
        let exact = Router([RouteCondition(path: "/")])
        let below = Router([RouteCondition(prefix: "/")])
        for path in ["/", "//", ""] {
            #expect(try exact.decide("GET", path) == .route(0))
            #expect(try below.decide("GET", path) == .route(0))
        }
        #expect(try exact.decide("GET", "/a") == .none)
        #expect(try below.decide("GET", "/a/b") == .route(0))
    }

    @Test("a prefix of several segments is found at its depth")
    func deep() throws {
        let router = Router([RouteCondition(prefix: "/a/b/c"), RouteCondition(prefix: "/a")])
        #expect(try router.decide("GET", "/a/b/c/d/e/f") == .route(0))
        #expect(try router.decide("GET", "/a/b/d") == .route(1))
        let deepest = String(repeating: "/x", count: RequestPath.depthLimit)
        let deepRouter = Router([RouteCondition(prefix: deepest)])
        #expect(try deepRouter.decide("GET", deepest) == .route(0))
        #expect(try deepRouter.decide("GET", deepest + "/y/z") == .route(0))
        #expect(try deepRouter.decide("GET", String(deepest.dropLast(2))) == .none)
    }

    @Test("methods are compared letter by letter; GET does not include HEAD (ME-1)")
    func methods() throws {
        let router = Router([RouteCondition(path: "/a", methods: ["GET", "MERGE", "DELETE"])])
        for method in ["GET", "MERGE", "DELETE"] { #expect(try router.decide(method, "/a") == .route(0)) }
        for method in ["HEAD", "POST", "get", "MERGEX", "MERG", "merge", "PUT", "OPTIONS", "PATCH"] {
            #expect(try router.decide(method, "/a") == .methodNotAllowed, "\(method)")
        }
    }

    @Test("a host is compared by its name, case folded")
    func hosts() throws {
        let router = Router([RouteCondition(host: "gw.example"), RouteCondition(path: "/v6", host: "[::1]")])
        for host in ["gw.example", "GW.Example"] { #expect(try router.decide("GET", "/", host: host) == .route(0)) }
        for host in ["", "gw", "gw.example.", "gw.example.org", "xgw.example"] {
            #expect(try router.decide("GET", "/", host: host) == .none, "\(host)")
        }
        #expect(try router.decide("GET", "/v6", host: "[::1]") == .route(1))
    }

    @Test("a listener is one's own")
    func listeners() throws {
        let router = Router([RouteCondition(prefix: "/", listener: 1), RouteCondition(path: "/a")])
        #expect(try router.decide("GET", "/a", listener: 1) == .route(0))
        #expect(try router.decide("GET", "/a", listener: 0) == .route(1))
        #expect(try router.decide("GET", "/b", listener: 0) == .none)
    }

    @Test("405 when only the method is wrong, 404 when anything else is")
    func wrongMethod() throws {
        let router = Router([
            RouteCondition(path: "/a", methods: ["GET"], host: "gw"),
            RouteCondition(prefix: "/b", methods: ["POST"], listener: 1),
            RouteCondition(prefix: "/a", methods: ["PUT"]),
        ])
        #expect(try router.decide("POST", "/a", host: "gw") == .methodNotAllowed)
        #expect(try router.decide("GET", "/a", host: "other") == .methodNotAllowed)
        #expect(try router.decide("PUT", "/a", host: "gw") == .route(2))
        #expect(try router.decide("GET", "/b", listener: 1) == .methodNotAllowed)
        #expect(try router.decide("GET", "/b", listener: 0) == .none)
        #expect(try router.decide("GET", "/c", host: "gw") == .none)
        #expect(try Router([RouteCondition(methods: ["GET"])]).decide("PUT", "/x") == .methodNotAllowed)
        #expect(try Router([]).decide("GET", "/") == .none)
    }

    @Test("`allow` names each method that routes there take, once")
    func allow() throws {
        let router = Router([
            RouteCondition(path: "/a", methods: ["GET", "HEAD"]),
            RouteCondition(prefix: "/a", methods: ["MERGE", "GET"]),
            RouteCondition(path: "/a", methods: ["PUT"], host: "gw"),
            RouteCondition(path: "/a", methods: ["DELETE"], listener: 1), RouteCondition(path: "/b", methods: ["POST"]),
            RouteCondition(methods: ["PATCH"]), RouteCondition(path: "/all"),
        ])
        #expect(try router.allowed("/a") == ["GET", "HEAD", "MERGE", "PATCH"])
        #expect(try router.allowed("//A/") == ["GET", "HEAD", "MERGE", "PATCH"])
        #expect(try router.allowed("/a/x") == ["GET", "MERGE", "PATCH"])
        #expect(try router.allowed("/ax") == ["PATCH"])
        #expect(
            try router.allowed("/a", host: "GW", listener: 1) == ["GET", "HEAD", "MERGE", "PUT", "DELETE", "PATCH"])
    }

    @Test("a route that names no method takes all but those that are never taken")
    func allowAll() throws {
        let router = Router([RouteCondition(path: "/a"), RouteCondition(path: "/a", methods: ["MERGE"])])
        #expect(
            try router.allowed("/a") == ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MERGE"])
        #expect(try router.allowed("/b").isEmpty)
    }
}
