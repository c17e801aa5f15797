internal import COpenSSL

/// Which certificate a server shows to a client that asks for a name (server name indication, RFC 6066 §3).
///
/// The name itself first, then `*` in place of its first label, then the default: the first certificate of all.  Where
/// certificates of one name have keys of different kinds, the client's signature algorithms decide between them; of
/// two with one kind of key the first is shown.  Immutable, for any number of threads.
public final class ServerCertificates: Sendable {
    /// All of them, the default first.
    public let all: [ServerCertificate]
    /// A name that a certificate will not be shown for, since an earlier one of the same kind of key has it.
    public struct Shadow: Equatable, Sendable {
        /// The host name.
        public let name: String
        /// The place, in ``ServerCertificates/all``, of the one that is shown.
        public let shown: Int
        /// The place of the one that is not.
        public let hidden: Int
    }
    /// Names that stand in several certificates, in their order.
    public let shadows: [Shadow]

    private let byName: [String: [Int]]
    private let standard: [Int]

    /// Certificates of which the first is the default.
    public init(_ first: ServerCertificate, _ others: [ServerCertificate] = []) {
        all = [first] + others
        var (byName, shadows): ([String: [Int]], [Shadow]) = ([:], [])
        for (place, certificate) in all.enumerated() {
            for name in certificate.dnsNames {
                let known = byName[name, default: []]
                let same = known.first { [all] in all[$0].keyKind == certificate.keyKind }
                if same == nil {
                    byName[name] = known + [place]
                } else if let same, same != place {
                    shadows.append(Shadow(name: name, shown: same, hidden: place))
                }
            }
        }
        // Another kind of key for the default's own name is as good as the default.
        standard = first.dnsNames.first.flatMap { byName[$0] } ?? [0]
        (self.byName, self.shadows) = (byName, shadows)
    }

    /// The places of certificates that no client can be shown: not the default, and no name is theirs alone.
    public var unreachable: [Int] {
        let reached = Set(byName.values.joined()).union(standard)
        return all.indices.filter { !reached.contains($0) }
    }

    /// The places of those for `name`, which is as the client wrote it: one of each kind of key.
    public func places(for name: String) -> [Int] {
        var name = name.lowercased()
        // The root's dot does not belong there, but says nothing else.
        if name.hasSuffix(".") { name.removeLast() }
        if let exact = byName[name] { return exact }
        guard let dot = name.firstIndex(of: "."), dot > name.startIndex else { return standard }
        return byName["*" + name[dot...]] ?? standard
    }

    /// Has connections of `context`, an `SSL_CTX *`, show them.  It must not outlive this object.
    func serve(on context: OpaquePointer) throws(TLSSetupError) {
        // Each is tried now: in a handshake it would be too late to tell.
        for certificate in all { try unsafe certificate.show(onContext: context) }
        for place in standard.reversed() { try unsafe all[place].show(onContext: context) }
        guard all.count > 1 else { return }
        unsafe SSL_CTX_set_cert_cb(context, chooseCertificate, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Has `connection` show what is for `name`; false when memory is out.
    fileprivate func show(_ name: String, on connection: OpaquePointer) -> Bool {
        unsafe SSL_certs_clear(connection)
        return places(for: name).allSatisfy { unsafe all[$0].show(on: connection) }
    }
}

/// OpenSSL is about to choose a certificate: `SSL_CTX_set_cert_cb`.  A connection that resumes shows none.
private func chooseCertificate(_ connection: OpaquePointer?, _ certificates: UnsafeMutableRawPointer?) -> Int32 {
    guard let connection = unsafe connection, let certificates = unsafe certificates else { return 0 }
    let all = unsafe Unmanaged<ServerCertificates>.fromOpaque(certificates).takeUnretainedValue()
    let name = unsafe SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name).map { unsafe String(cString: $0) }
    return unsafe all.show(name ?? "", on: connection) ? 1 : 0
}
