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
/// All are asked at once: one that does not answer holds no other up.  Nothing is listened on and nothing is changed
/// anywhere: the request lists phone numbers.
struct LiveCheck: Sendable {
    /// Reads only.
    private static let harmlessTarget = "/phoneNumbers?api-version=2022-12-01"
    /// Clocks that differ by more are told; signatures are refused beyond 15 minutes.
    private static let toldSkewSeconds = 180
    /// The whole check ends by then.  Of all fetches that of an endpoint which answers 410 takes longest: 75 s.
    private static let timeout = Duration.seconds(120)

    private let loaded: LoadedConfiguration
    private let client: HTTPClient
    private let report: LiveReport

    /// A fetch under way; `nil` comes of one that failed.
    private typealias Fetch = Task<AccessToken?, Never>

    /// Checks a configuration that loaded without errors; returns when all has been asked.
    static func run(_ loaded: LoadedConfiguration) throws(CommandError) -> [LiveReport.Finding] {
        do throws(HTTPFailure) {
            let config = loaded.result.draft
            let names =
                config.credentials.filter { loaded.strategies[$0.name] is any TokenStrategy }
                .map { "credential `\($0.name)`" } + config.resources.map { "resource `\($0.name)`" }
            let check = LiveCheck(loaded: loaded, client: try HTTPClient(), report: LiveReport(of: names))
            return try wait(for: check)
        } catch {
            throw CommandError("nothing can be asked: \(error)")
        }
    }

    /// Commands are not asynchronous; this is the one that waits for something that is.
    private static func wait(for check: LiveCheck) throws(HTTPFailure) -> [LiveReport.Finding] {
        guard let done = try? Barrier(count: 1) else { throw HTTPFailure(.timeout, "no descriptor is left") }
        Task {
            await check.askAll()
            done.arrive()
        }
        _ = done.wait(timeout: timeout)
        return check.report.findings(missing: "no answer within \(timeout.components.seconds) s")
    }

    private func askAll() async {
        let config = loaded.result.draft
        await withTaskGroup { group in
            var fetches: [TokenIdentity: Fetch] = [:]
            for credential in config.credentials {
                guard let strategy = loaded.strategies[credential.name] as? any TokenStrategy else { continue }
                let fetch = fetches[strategy.identity]
                let started = Fetch { await askToken(credential.name, strategy, alreadyAsked: fetch) }
                if fetch == nil { fetches[strategy.identity] = started }
                group.addTask { _ = await started.value }
            }
            for resource in config.resources {
                group.addTask { [fetches] in await ask(resource, config, fetches) }
            }
        }
    }

    // MARK: Tokens

    /// Two credentials of one identity have one token.
    private func askToken(
        _ name: String, _ strategy: any TokenStrategy, alreadyAsked other: Fetch?
    ) async -> AccessToken? {
        let subject = "credential `\(name)`"
        if let other {
            let token = await other.value
            let what = token == nil ? "which has no token" : "and its token"
            report.add(subject, isGood: token != nil, "has the identity of another, \(what)")
            return token
        }
        var exchange = strategy.beginFetch(after: nil, environment: .system)
        var answer: Result<TokenAnswer, TransferFailure>?
        while true {
            switch exchange.next(after: answer, at: .current) {
            case .send(let request): answer = await client.result(of: request)
            case .wait(let pause):
                answer = nil
                try? await Task.sleep(for: pause)
            case .done(let token):
                let left = token.expiresAt.unixSeconds - TokenInstant.current.unixSeconds
                report.add(subject, isGood: true, "a token for \(left) s, from \(strategy.source)")
                return token
            case .failed(let failure):
                report.add(subject, isGood: false, "\(failure)")
                return nil
            }
        }
    }

    // MARK: Resources

    private func ask(
        _ resource: ResourceConfig, _ config: GatewayConfig, _ fetches: [TokenIdentity: Fetch]
    ) async {
        let subject = "resource `\(resource.name)`"
        let route = config.routes.first { $0.resource == resource.name }
        guard let name = resource.credential ?? route?.credential, let strategy = loaded.strategies[name] else {
            report.add(subject, isGood: false, "no route uses it, and it names no credential")
            return
        }
        guard !strategy.passesCallerAuthorization else {
            report.add(subject, isGood: true, "its credential is the caller's own, so nothing was asked")
            return
        }
        let token = await strategy.tokenIdentity.flatMap { fetches[$0] }?.value
        if strategy.tokenIdentity != nil, token == nil {
            report.add(subject, isGood: false, "not asked, for credential `\(name)` has no token")
            return
        }
        if resource.proxy != nil, resource.endpoint.scheme == .http {
            report.add(subject, isGood: true, "plain HTTP through a proxy, so nothing was asked")
            return
        }
        guard let fields = authorize(resource, strategy, with: token) else {
            report.add(subject, isGood: false, "credential `\(name)` cannot authorize a request")
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
            judge(try await client.send(request), of: subject, by: name)
        } catch {
            report.add(subject, isGood: false, "\(error)")
        }
    }

    /// The field lines that authorize the harmless request, or `nil` when there are none to be had.
    private func authorize(
        _ resource: ResourceConfig, _ strategy: any CredentialStrategy, with token: AccessToken?
    ) -> [HTTPField]? {
        var head = ByteBuffer()
        var scratch = ByteBuffer()
        let date = HTTPDate.bytes(secondsSince1970: Int(TokenInstant.current.unixSeconds))
        let (target, host) = (Array(Self.harmlessTarget.utf8), Array(resource.endpoint.authority.utf8))
        let method = Array("GET".utf8)
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

    private func judge(_ answer: HTTPAnswer, of subject: String, by credential: String) {
        if let skew = clockSkew(answer) {
            report.add(
                subject, isGood: false, "its clock differs from this machine's by \(skew) s; set this machine's clock")
        }
        switch answer.status {
        case 401:
            report.add(
                subject, isGood: false,
                "it refused credential `\(credential)` (401): the key is not this resource's, or the identity"
                    + " has no role on it yet; assign one, and allow some minutes")
        case 403:
            report.add(
                subject, isGood: false,
                "credential `\(credential)` is known there but may not list phone numbers (403): assign the"
                    + " role `Contributor` or `Communication and Email Service Owner` on the resource")
        case 200..<300: report.add(subject, isGood: true, "it took credential `\(credential)` (\(answer.status))")
        case 500...: report.add(subject, isGood: false, "it answered \(answer.status); try again later")
        case let other: report.add(subject, isGood: true, "it took credential `\(credential)`, and answered \(other)")
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
