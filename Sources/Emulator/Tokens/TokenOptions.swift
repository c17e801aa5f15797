internal import Bytes
public import Crypto

/// What the emulated token endpoints know, and how they behave.
public struct TokenOptions: Sendable {
    /// The service principals of the emulated directory.
    public var servicePrincipals: [EmulatedServicePrincipal] = [.development]
    /// What App Service, Azure ML and Service Fabric demand in a field of each request: `IDENTITY_HEADER`.
    public var identityHeader = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"
    /// The directory, absolute, in which Azure Arc's challenges write their key files; `nil`: no Azure Arc.
    public var arcTokenDirectory: String?
    /// How long tokens live, in whole seconds; `nil`: an hour for service principals, a day for managed identities.
    public var lifetimeSeconds: Int?
    /// How long after a token's birth the endpoints want it replaced, in seconds: `refresh_in`, which only Entra says.
    public var refreshInSeconds: Int?
    /// How long each answer of a token endpoint is held back.
    public var latency: Duration = .zero
    /// The share of token requests that are refused although nothing is wrong, 0...1: half of it 429, half 500.
    public var rejectRate = 0.0
    /// Whether the endpoints answer from the start; otherwise 503 until they are told to.
    public var isAvailable = true
    /// Whether client assertions may have what Microsoft's own libraries leave in them: padding, line ends, fractions
    /// of seconds, an id that was used before.
    public var acceptsSloppyAssertions = false

    /// The defaults.
    public init() {}

    /// A token's life in seconds: Entra's longest is 28 hours.
    public static let lifetimeRange = 2...100_800
}

/// An application of the emulated directory, with everything by which it may prove itself.
public struct EmulatedServicePrincipal: Sendable {
    /// The directory's id.
    public var tenant: String
    /// The application's id.
    public var clientID: String
    /// Secrets, any of which is right.
    public var secrets: [Secret] = []
    /// Certificates, of each of which the first in its file counts; RSA only.
    public var certificates: [PEM] = []
    /// Whole texts of tokens from elsewhere that are believed.
    public var federatedTokens: [Secret] = []

    /// An application without any proof.
    public init(tenant: String, clientID: String) {
        self.tenant = tenant
        self.clientID = clientID
    }

    /// The application when none is given.  Everybody knows its secret, so it opens nothing that matters.
    public static var development: EmulatedServicePrincipal {
        var principal = EmulatedServicePrincipal(
            tenant: "11111111-2222-3333-4444-555555555555", clientID: "66666666-7777-8888-9999-000000000000")
        principal.secrets = [Secret(copying: developmentSecret)]
        return principal
    }

    /// The secret of ``development``; with all that a form must escape.
    public static let developmentSecret = "emulator~known+to/everybody=&%"
}

extension TokenOptions {
    /// Refuses values out of range.
    func check() throws(EmulatorError) {
        guard (0...1).contains(rejectRate) else { throw .behaviour("the token reject rate must lie in 0 to 1") }
        guard latency >= .zero, latency <= .seconds(3600) else {
            throw .behaviour("the token latency must lie in 0 to 1 hour")
        }
        let range = Self.lifetimeRange
        guard lifetimeSeconds.map(range.contains) ?? true, refreshInSeconds.map(range.contains) ?? true else {
            throw .behaviour("a token lives \(range.lowerBound) seconds to \(range.upperBound / 3600) hours")
        }
        let directory = arcTokenDirectory ?? "/"
        // It stands in a field of the challenge.
        guard directory.utf8.first == UInt8(ascii: "/"), directory.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw .behaviour("the directory for Azure Arc's key files must be an absolute path without blanks")
        }
        for principal in servicePrincipals {
            guard [principal.tenant, principal.clientID].allSatisfy(Self.isName) else {
                throw .behaviour("a tenant and a client id have letters, digits, `-` and `.` only")
            }
            guard !(principal.secrets + principal.federatedTokens).contains(where: \.isEmpty) else {
                throw .behaviour("a client secret or federated token is empty")
            }
        }
    }

    private static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x2E }
    }
}
