import Crypto

/// An authority of a test's own, and servers that it vouches for.
public struct OriginAuthority: ~Copyable {
    private let authority: DevelopmentAuthority
    /// When its certificates begin and end, in seconds since 1970.
    private let validity: DevelopmentAuthority.Validity

    /// An authority whose certificates hold from `start` to `end`.
    public init(from start: Int, to end: Int) throws {
        validity = DevelopmentAuthority.Validity(from: start, to: end)
        authority = try DevelopmentAuthority(valid: validity)
    }

    /// Its own certificate, as a PEM file has it.
    public var pem: String { authority.certificate.text.withBytes { String(decoding: $0.array, as: UTF8.self) } }

    /// A server that shows a certificate for `names`.
    public borrowing func server(for names: [String]) throws -> TLSServer {
        TLSServer(try TLSContext(server: authority.issue(for: names, valid: validity)))
    }
}

extension Span where Element == UInt8 {
    /// A copy.
    fileprivate var array: [UInt8] { indices.map { self[$0] } }
}
