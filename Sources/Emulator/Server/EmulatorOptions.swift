internal import Bytes
public import Crypto

/// What `acs-gateway emulate` can be told.
public struct EmulatorOptions: Sendable {
    /// Where to listen: `127.0.0.1:8090`, `[::1]:8090`, `localhost:8090`; port 0 takes a free one.
    public var bind = "127.0.0.1:8090"
    /// The resource's access keys, decoded: one or two.
    public var accessKeys: [Secret] = [Secret(copying: Self.developmentKeyBytes)]
    /// The certificate and key to speak TLS with; `nil` for plain HTTP.
    public var tls: TLSIdentity?
    /// How the service behaves.
    public var behaviour = EmulatorBehaviour()
    /// Whom the token endpoints know, and how they behave.
    public var tokens = TokenOptions()
    /// Makes ids, tokens and failures the same in each run; `nil` for different ones.
    public var seed: UInt64?

    /// The defaults.
    public init() {}

    /// The access key when none is given, in base64.  Everybody knows it, so it opens nothing that matters.
    public static var developmentAccessKey: String { Base64.text(of: developmentKeyBytes.utf8.span) }

    /// 64 bytes, as the service's keys have.
    private static let developmentKeyBytes = "acs-gateway emulator: a key for development, known to everybody."
}

/// Why the emulator cannot start.
public enum EmulatorError: Error, Equatable, CustomStringConvertible {
    /// `bind` is not an address with a port.
    case malformedAddress(String)
    /// The system refused the address.
    case cannotListen(address: String, reason: String)
    /// The certificate or its key does not do.
    case tls(TLSSetupError)
    /// There are more than two access keys, or none, or an empty one.
    case accessKeys
    /// A knob of the behaviour has a value that makes no sense.
    case behaviour(String)
    /// The system refused something else.
    case system(String)

    /// One sentence with the culprit.
    public var description: String {
        switch self {
        case .malformedAddress(let text): "`\(text)` is not an address with a port, such as `127.0.0.1:8090`"
        case .cannotListen(let address, let reason): "cannot listen on `\(address)`: \(reason)"
        case .tls(let error): error.description
        case .accessKeys: "one or two access keys are needed, and none may be empty"
        case .behaviour(let sentence): sentence
        case .system(let reason): reason
        }
    }
}

extension EmulatorOptions {
    /// The keys, ready to check with.
    func keys() throws(EmulatorError) -> [HMACKey] {
        guard (1...2).contains(accessKeys.count), accessKeys.allSatisfy({ !$0.isEmpty }) else { throw .accessKeys }
        return accessKeys.map { HMACKey($0) }
    }

    /// Refuses knobs out of range.
    func checkBehaviour() throws(EmulatorError) {
        guard behaviour.publicHost?.utf8.allSatisfy(Self.isHostByte) ?? true, behaviour.publicHost != "" else {
            throw .behaviour("the public host is not a host name with an optional port")
        }
        guard (0...1).contains(behaviour.rejectRate) else { throw .behaviour("the reject rate must lie in 0 to 1") }
        guard behaviour.latency >= .zero, behaviour.latency <= .seconds(3600) else {
            throw .behaviour("the latency must lie in 0 to 1 hour")
        }
        guard behaviour.throttlePerMinute ?? 1 >= 0, behaviour.emailPolls >= 0, behaviour.emailRetryAfterSeconds >= 0
        else { throw .behaviour("counts and seconds must not be negative") }
    }

    /// A byte of a host with a port; nothing that could end a field or a URL's authority.
    private static func isHostByte(_ byte: UInt8) -> Bool {
        ASCII.isLetter(byte) || ASCII.isDigit(byte) || ".-:[]".utf8.contains(byte)
    }
}
