internal import ConfigDSL
internal import Crypto
internal import Emulator

/// What `acs-gateway emulate` is told about its token endpoints.
struct TokenArguments {
    private static let client = Option(
        "client", "FIELDS", .repeated,
        help: "tenant=T,id=I and any of secret-file=F, certificate=F, federated-token-file=F")
    private static let identityHeader = Option(
        "identity-header", "TEXT", help: "what App Service, Azure ML and Service Fabric must send")
    private static let arcTokenDirectory = Option(
        "arc-token-directory", "DIR", help: "play Azure Arc, with its key files in DIR (absolute; made if not there)")
    private static let lifetime = Option(
        "token-lifetime", "TIME", help: "tokens live so long (default: 1h for service principals, 24h else)")
    private static let refreshIn = Option(
        "token-refresh-in", "TIME", help: "tell service principals to replace a token after so long")
    private static let latency = Option("token-latency", "TIME", help: "hold each answer of a token endpoint back")
    private static let rejectRate = Option(
        "token-reject-rate", "SHARE", help: "refuse this share, 0 to 1, of token requests: half with 429, half with 500"
    )
    private static let noTokens = Option(
        "no-tokens", help: "answer token requests with 503, until told otherwise through /_emulator/tokens")
    private static let sloppy = Option(
        "sloppy-assertions", help: "let client assertions have what Microsoft's own libraries leave in them")

    static let syntax = [
        client, identityHeader, arcTokenDirectory, lifetime, refreshIn, latency, rejectRate, noTokens, sloppy,
    ]

    private var options = TokenOptions()
    private let clients: [ClientFields]

    init(_ arguments: Arguments) throws(UsageError) {
        var clients: [ClientFields] = []
        for text in arguments.all(Self.client) { clients.append(try ClientFields(text)) }
        self.clients = clients
        if let text = arguments[Self.identityHeader] { options.identityHeader = text }
        options.arcTokenDirectory = arguments[Self.arcTokenDirectory]
        options.lifetimeSeconds = try Self.seconds(arguments, Self.lifetime)
        options.refreshInSeconds = try Self.seconds(arguments, Self.refreshIn)
        if let latency = try arguments.parsed(Self.latency, Duration.parse(within: 0...3_600_000)) {
            options.latency = latency
        }
        if let share = try arguments.share(Self.rejectRate) { options.rejectRate = share }
        options.isAvailable = !arguments.has(Self.noTokens)
        options.acceptsSloppyAssertions = arguments.has(Self.sloppy)
    }

    /// The options, with what the files hold.
    func tokenOptions() throws(CommandError) -> TokenOptions {
        guard !clients.isEmpty else { return options }
        var options = options
        options.servicePrincipals = []
        for client in clients { options.servicePrincipals.append(try client.principal()) }
        return options
    }

    private static func seconds(_ arguments: Arguments, _ option: Option) throws(UsageError) -> Int? {
        let range = TokenOptions.lifetimeRange
        let milliseconds = range.lowerBound * 1000...range.upperBound * 1000
        return try arguments.parsed(option, Duration.parse(within: milliseconds)).map { Int($0.components.seconds) }
    }
}

/// The value of `--client`, taken apart.
private struct ClientFields {
    /// A secret, or a token from elsewhere, is not longer.
    private static let fileLimitBytes = 64 << 10

    private var tenant = ""
    private var id = ""
    private var files: [(kind: String, path: String)] = []

    init(_ text: String) throws(UsageError) {
        for field in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw UsageError("`--client` has `\(shown(String(field)))`, not NAME=VALUE") }
            switch (parts[0], parts[1]) {
            case ("tenant", let value): tenant = value
            case ("id", let value): id = value
            case (let kind, let path) where ["secret-file", "certificate", "federated-token-file"].contains(kind):
                files.append((kind, path))
            case (let name, _): throw UsageError("`--client` knows no `\(shown(name))`")
            }
        }
        guard !tenant.isEmpty, !id.isEmpty else { throw UsageError("`--client` needs `tenant=…` and `id=…`") }
    }

    /// The service principal, with what the files hold.
    func principal() throws(CommandError) -> EmulatedServicePrincipal {
        var principal = EmulatedServicePrincipal(tenant: tenant, clientID: id)
        for (kind, path) in files {
            switch kind {
            case "secret-file": principal.secrets.append(try secret(path))
            case "federated-token-file": principal.federatedTokens.append(try secret(path))
            default: principal.certificates.append(try certificate(path))
            }
        }
        return principal
    }

    /// The file's content without blanks and line ends around it.
    private func secret(_ path: String) throws(CommandError) -> Secret {
        Secret(copying: withoutBlanks(try read(path, limitBytes: Self.fileLimitBytes)).span)
    }

    private func certificate(_ path: String) throws(CommandError) -> PEM {
        do throws(TLSSetupError) {
            return try PEM(file: path)
        } catch {
            throw CommandError("\(error)")
        }
    }
}
