internal import Bytes
internal import ConfigDSL
internal import Credentials
internal import Crypto
internal import HTTP1
internal import HTTPClient
internal import Synchronization
internal import Transport

/// `check --live`: fetches a token for each credential that needs one, signs one harmless request for each resource,
/// and tells in words what is wrong.
///
/// Nothing is listened on and nothing is changed anywhere: the request lists phone numbers.
actor LiveCheck {
    /// What was found.
    struct Report: Sendable {
        /// A line each, in the file's order.
        var lines: [String] = []
        var isGood = true

        mutating func good(_ line: String) { lines.append("ok: \(line)") }

        mutating func bad(_ line: String) {
            lines.append("failed: \(line)")
            isGood = false
        }
    }

    /// Reads only.
    private static let harmlessTarget = "/phoneNumbers?api-version=2022-12-01"
    /// Clocks that differ by more are told; signatures are refused beyond 15 minutes.
    private static let toldSkewSeconds = 180
    /// The whole check ends by then.
    private static let timeout = Duration.seconds(120)

    private let loaded: LoadedConfiguration
    private let client: HTTPClient
    private var report = Report()
    private var tokens: [TokenIdentity: AccessToken] = [:]

    private init(_ loaded: LoadedConfiguration, _ client: HTTPClient) { (self.loaded, self.client) = (loaded, client) }

    /// Checks a configuration that loaded without errors; returns when all has been asked.
    static func run(_ loaded: LoadedConfiguration) throws(CommandError) -> Report {
        do throws(HTTPFailure) {
            let check = LiveCheck(loaded, try HTTPClient())
            return try wait(for: check)
        } catch {
            throw CommandError("nothing can be asked: \(error)")
        }
    }

    /// Commands are not asynchronous; this is the one that waits for something that is.
    private static func wait(for check: LiveCheck) throws(HTTPFailure) -> Report {
        guard let done = try? Barrier(count: 1) else { throw HTTPFailure(.timeout, "no descriptor is left") }
        Task {
            await check.askAll()
            done.arrive()
        }
        guard done.wait(timeout: timeout) else { throw HTTPFailure(.timeout, "the check did not end in time") }
        return check.finished.withLock { $0 }
    }

    private nonisolated let finished = Mutex(Report())

    private func askAll() async {
        let config = loaded.result.draft
        for credential in config.credentials {
            guard let strategy = loaded.strategies[credential.name] as? any TokenStrategy else { continue }
            await askToken(credential.name, strategy)
        }
        for resource in config.resources { await ask(resource, config) }
        let report = report
        finished.withLock { $0 = report }
    }

    // MARK: Tokens

    private func askToken(_ name: String, _ strategy: any TokenStrategy) async {
        var exchange = strategy.beginFetch(after: nil, environment: .system)
        var answer: Result<TokenAnswer, TransferFailure>?
        while true {
            switch exchange.next(after: answer, at: .current) {
            case .send(let request): answer = await client.result(of: request)
            case .wait(let pause):
                answer = nil
                try? await Task.sleep(for: pause)
            case .done(let token):
                tokens[strategy.identity] = token
                let left = token.expiresAt.unixSeconds - TokenInstant.current.unixSeconds
                report.good("credential `\(name)`: a token for \(left) s, from \(strategy.source)")
                return
            case .failed(let failure):
                report.bad("credential `\(name)`: \(failure)")
                return
            }
        }
    }

    // MARK: Resources

    private func ask(_ resource: ResourceConfig, _ config: GatewayConfig) async {
        let route = config.routes.first { $0.resource == resource.name }
        guard let name = resource.credential ?? route?.credential, let strategy = loaded.strategies[name] else {
            report.bad("resource `\(resource.name)`: no route uses it, and it names no credential")
            return
        }
        guard !strategy.passesCallerAuthorization else {
            report.good("resource `\(resource.name)`: its credential is the caller's own, so nothing was asked")
            return
        }
        if let identity = strategy.tokenIdentity, tokens[identity] == nil {
            report.bad("resource `\(resource.name)`: not asked, for credential `\(name)` has no token")
            return
        }
        if resource.proxy != nil, resource.endpoint.scheme == .http {
            report.good("resource `\(resource.name)`: plain HTTP through a proxy, so nothing was asked")
            return
        }
        guard let fields = authorize(resource, strategy) else {
            report.bad("resource `\(resource.name)`: credential `\(name)` cannot authorize a request")
            return
        }
        let trust: HTTPRequest.Trust
        if let path = resource.tls?.ca, let content = try? loaded.environment.readFile(path.path, PEM.fileLimitBytes) {
            trust = .authorities(PEM(named: path.shown, Secret(copying: content.bytes.span)))
        } else {
            trust = .system
        }
        let request = HTTPRequest(
            .get, resource.endpoint.origin + Self.harmlessTarget, fields: fields, trust: trust,
            allowsPlaintext: resource.endpoint.scheme == .http,
            proxy: resource.proxy.map(HTTPRequest.Proxy.init) ?? .none)
        do throws(HTTPFailure) {
            judge(try await client.send(request), of: resource.name, by: name)
        } catch {
            report.bad("resource `\(resource.name)`: \(error)")
        }
    }

    /// The field lines that authorize the harmless request, or `nil` when there are none to be had.
    private func authorize(_ resource: ResourceConfig, _ strategy: any CredentialStrategy) -> [HTTPField]? {
        var head = ByteBuffer()
        var scratch = ByteBuffer()
        let date = HTTPDate.bytes(secondsSince1970: Int(TokenInstant.current.unixSeconds))
        let (target, host) = (Array(Self.harmlessTarget.utf8), Array(resource.endpoint.authority.utf8))
        let method = Array("GET".utf8)
        let token = strategy.tokenIdentity.flatMap { tokens[$0] }
        let request = OutboundRequest(
            method: method.span, target: target.span, host: host.span, date: date.span,
            bodyDigest: SHA256().finalize())
        do throws(CredentialError) {
            try strategy.authorize(request, with: token, attempt: 0, writing: &head, scratch: &scratch)
        } catch {
            return nil
        }
        defer { head.wipe() }
        return head.span.text.split(separator: "\r\n").compactMap { line in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            return HTTPField(String(line[..<colon]), Secret(copying: String(value)))
        }
    }

    private func judge(_ answer: HTTPAnswer, of resource: String, by credential: String) {
        let name = "resource `\(resource)`"
        if let skew = clockSkew(answer) {
            report.bad("\(name): its clock differs from this machine's by \(skew) s; set this machine's clock")
        }
        switch answer.status {
        case 401:
            report.bad(
                "\(name): it refused credential `\(credential)` (401): the key is not this resource's, or the identity"
                    + " has no role on it yet; assign one, and allow some minutes")
        case 403:
            report.bad(
                "\(name): credential `\(credential)` is known there but may not list phone numbers (403): assign the"
                    + " role `Contributor` or `Communication and Email Service Owner` on the resource")
        case 200..<300: report.good("\(name): it took credential `\(credential)` (\(answer.status))")
        case 500...: report.bad("\(name): it answered \(answer.status); try again later")
        case let other: report.good("\(name): it took credential `\(credential)`, and answered \(other)")
        }
    }

    private func clockSkew(_ answer: HTTPAnswer) -> Int? {
        guard let date = answer.fields.first(where: { $0.name.lowercased() == "date" })?.value,
            let theirs = HTTPDate.parse(Array(date.utf8).span)
        else { return nil }
        let skew = theirs - Int(TokenInstant.current.unixSeconds)
        return abs(skew) > Self.toldSkewSeconds ? skew : nil
    }
}

extension HTTPRequest.Proxy {
    /// The way through `proxy`.
    fileprivate init(_ proxy: ResourceProxyConfig) {
        let user = proxy.credential.map { HTTPRequest.ProxyUser(name: $0.username, password: $0.password) }
        // Its port always, since libcurl takes another one for granted.
        self = .url("http://\(proxy.endpoint.hostAndPort)", user: user)
    }
}
