internal import Bytes
internal import COpenSSL

/// A throw-away certificate authority, for development and tests.
///
/// Its own key is never written anywhere and goes with the value, so nobody can issue more in its name.  P-256
/// throughout, with the extensions that strict verifiers want (RFC 5280 §4.2.1): basic constraints, key usage,
/// extended key usage, subject and authority key identifiers.
@safe public struct DevelopmentAuthority: ~Copyable {
    /// What a certificate is for.
    public enum Purpose: Sendable {
        /// To be shown by a server.
        case server
        /// To be shown by a client.
        case client
    }

    /// From when to when a certificate is valid: whole seconds since 1970, UTC.
    public struct Validity: Sendable {
        /// The first second.
        public let start: Int
        /// The last second.
        public let end: Int

        /// From one second to another.
        public init(from start: Int, to end: Int) {
            (self.start, self.end) = (start, end)
        }

        /// 30 days from `now`, and the hour before it, since clocks differ.
        public static func thirtyDays(from now: Int) -> Validity {
            Validity(from: now - 3_600, to: now + 30 * 86_400)
        }
    }

    /// The authority's own certificate: what clients must trust.
    public let certificate: PEM
    private let issuer: OpaquePointer
    private let key: OpaquePointer
    private let random: RandomBytes

    /// A new authority, with `random` for serial numbers.
    public init(valid validity: Validity, random: RandomBytes = .system) throws(TLSSetupError) {
        OpenSSLFailure.forget()
        let key = try unsafe CertificateRequest.newKey()
        let request = unsafe CertificateRequest(
            name: "acs-gateway development authority", key: key, validity: validity,
            extensions: [
                (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
                (NID_key_usage, "critical,keyCertSign,cRLSign"),
                (NID_subject_key_identifier, "hash"),
            ])
        do {
            let certificate = try unsafe request.sign(by: nil, with: key, random: random)
            self.certificate = unsafe PEM.writing(certificate, named: "ca.pem")
            unsafe issuer = unsafe certificate
            unsafe self.key = unsafe key
            self.random = random
        } catch {
            unsafe EVP_PKEY_free(key)
            throw error
        }
    }

    deinit {
        unsafe X509_free(issuer)
        unsafe EVP_PKEY_free(key)
    }

    /// True for a name, an address or a URI that a certificate can be issued for.
    public static func isName(_ name: String) -> Bool { (try? CertificateRequest.alternativeNames([name])) != nil }

    /// A certificate for `names`: host names, `*.` before one allowed, IP addresses without brackets, and URIs such as
    /// `spiffe://corp/ns/billing` (letters, digits and `-._~:/` only).
    public borrowing func issue(
        for names: [String], purpose: Purpose = .server, valid validity: Validity
    ) throws(TLSSetupError) -> TLSIdentity {
        OpenSSLFailure.forget()
        let key = try unsafe CertificateRequest.newKey()
        defer { unsafe EVP_PKEY_free(key) }
        let request = unsafe CertificateRequest(
            name: "acs-gateway development \(purpose)", key: key, validity: validity,
            extensions: [
                (NID_basic_constraints, "critical,CA:FALSE"),
                (NID_key_usage, "critical,digitalSignature"),
                (NID_ext_key_usage, purpose == .server ? "serverAuth" : "clientAuth"),
                (NID_subject_key_identifier, "hash"),
                (NID_authority_key_identifier, "keyid:always"),
                (NID_subject_alt_name, try CertificateRequest.alternativeNames(names)),
            ])
        let certificate = try unsafe request.sign(by: issuer, with: self.key, random: random)
        defer { unsafe X509_free(certificate) }
        return unsafe TLSIdentity(
            certificates: PEM.writing(certificate, named: "\(purpose).pem"),
            key: PEM.writing(key: key, named: "\(purpose).key"))
    }
}

/// What goes into a certificate before it is signed.
@safe private struct CertificateRequest {
    var name: String
    /// `EVP_PKEY *`, whose public half is certified.
    var key: OpaquePointer
    var validity: DevelopmentAuthority.Validity
    /// Number and value in OpenSSL's configuration syntax; each value is a constant of ours or checked before.
    var extensions: [(Int32, String)]

    static func newKey() throws(TLSSetupError) -> OpaquePointer {
        guard let key = unsafe cEVP_EC_gen_P256() else { throw .library(OpenSSLFailure.take().text) }
        return unsafe key
    }

    /// `names` as OpenSSL's configuration writes subject alternative names.
    static func alternativeNames(_ names: [String]) throws(TLSSetupError) -> String {
        guard !names.isEmpty else { throw .badName("") }
        var parts: [String] = []
        for name in names {
            if name.contains("://") {
                guard name.split(separator: "/").allSatisfy({ isPlainSegment($0) }) else { throw .badName(name) }
                parts.append("URI:\(name)")
                continue
            }
            let host = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
            guard ServerName.isPlain(host) else { throw .badName(name) }
            if let address = unsafe a2i_IPADDRESS(name) {
                unsafe ASN1_OCTET_STRING_free(address)
                parts.append("IP:\(name)")
            } else {
                OpenSSLFailure.forget()
                guard !name.utf8.contains(0x3A) else { throw .badName(name) }
                parts.append("DNS:\(name)")
            }
        }
        return parts.joined(separator: ",")
    }

    /// True for what stands between the slashes of a URI and means nothing in OpenSSL's configuration syntax.
    private static func isPlainSegment(_ segment: Substring) -> Bool {
        segment.utf8.allSatisfy { $0 == 0x7E || ServerName.isMark($0) || ASCII.isLetter($0) || ASCII.isDigit($0) }
    }

    /// The certificate, signed with `signer`, the key of `issuer`, or of itself.
    func sign(
        by issuer: OpaquePointer?, with signer: OpaquePointer, random: RandomBytes
    ) throws(TLSSetupError) -> OpaquePointer {
        guard let certificate = unsafe X509_new() else { throw .library(OpenSSLFailure.take().text) }
        let issuer = unsafe issuer ?? certificate
        let subject = unsafe X509_get_subject_name(certificate)
        let done =
            unsafe X509_set_version(certificate, Int(X509_VERSION_3)) == 1
            && setSerial(of: certificate, random)
            && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, name, Int32(name.utf8.count), -1, 0) == 1
            && X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1
            && ASN1_TIME_set(X509_getm_notBefore(certificate), validity.start) != nil
            && ASN1_TIME_set(X509_getm_notAfter(certificate), validity.end) != nil
            && X509_set_pubkey(certificate, key) == 1
            && addExtensions(to: certificate, issuer: issuer)
            && X509_sign(certificate, signer, EVP_sha256()) > 0
        guard done else {
            unsafe X509_free(certificate)
            throw .library(OpenSSLFailure.take().text)
        }
        return unsafe certificate
    }

    /// 127 random bits: positive, and never the same twice.
    private func setSerial(of certificate: OpaquePointer, _ random: RandomBytes) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        var room = bytes.mutableSpan
        random.fill(&room)
        bytes[0] = bytes[0] & 0x7F | 0x40
        let number = unsafe BN_bin2bn(bytes, Int32(bytes.count), nil)
        defer { unsafe BN_free(number) }
        return unsafe BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
    }

    private func addExtensions(to certificate: OpaquePointer, issuer: OpaquePointer) -> Bool {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, certificate, nil, nil, 0)
        for (number, value) in extensions {
            let made = unsafe X509V3_EXT_nconf_nid(nil, &context, number, value)
            defer { unsafe X509_EXTENSION_free(made) }
            guard unsafe made != nil, unsafe X509_add_ext(certificate, made, -1) == 1 else { return false }
        }
        return true
    }
}

extension PEM {
    /// A certificate as PEM.
    fileprivate static func writing(_ certificate: OpaquePointer, named name: String) -> PEM {
        unsafe writing(named: name) { unsafe PEM_write_bio_X509($0, certificate) }
    }

    /// A private key as PEM (PKCS #8), not encrypted.
    fileprivate static func writing(key: OpaquePointer, named name: String) -> PEM {
        unsafe writing(named: name) { unsafe PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }

    private static func writing(named name: String, _ write: (OpaquePointer?) -> Int32) -> PEM {
        // Secure memory is overwritten when the BIO is freed.
        let bio = unsafe BIO_new(BIO_s_secmem())
        defer { unsafe BIO_free(bio) }
        let written = unsafe write(bio)
        precondition(written == 1, "OpenSSL is out of memory")
        var start: UnsafeMutablePointer<CChar>?
        let count = unsafe cBIO_get_mem_data(bio, &start)
        let bytes = unsafe UnsafeRawBufferPointer(start: start, count: count)
        return PEM(named: name, Secret(copying: unsafe Span(_unsafeBytes: bytes)))
    }
}
