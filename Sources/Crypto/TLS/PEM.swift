internal import Bytes
internal import COpenSSL

/// A PEM text (RFC 7468) and the name by which messages call it.
///
/// It may hold a private key, so its text is a ``Secret``.
public struct PEM: Sendable {
    /// What messages call it: a path, or the key of the configuration that gave it.
    public let name: String
    /// The whole text.
    public let text: Secret

    /// A file larger than this is no certificate and no key; the system's authorities take 220 KB.
    public static let fileLimitBytes = 4 << 20

    /// A text that is at hand.
    public init(named name: String, _ text: Secret) {
        self.name = name
        self.text = text
    }

    /// The text of the file at `path`, at most ``fileLimitBytes``.
    public init(file path: String) throws(TLSSetupError) {
        guard !path.utf8.contains(0), let file = unsafe BIO_new_file(path, "rb") else {
            throw .unreadableFile(path, reason: OpenSSLFailure.take().text)
        }
        defer { unsafe BIO_free(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var used = 0
        defer { unsafe OPENSSL_cleanse(&bytes, bytes.count) }
        while true {
            if used == bytes.count {
                guard used < PEM.fileLimitBytes else { throw .fileTooLarge(path) }
                var larger = [UInt8](repeating: 0, count: bytes.count * 2)
                larger.replaceSubrange(0..<used, with: bytes)
                unsafe OPENSSL_cleanse(&bytes, bytes.count)
                bytes = larger
            }
            // Safe: OpenSSL writes within the rest of the array.
            let count = unsafe bytes.withUnsafeMutableBytes { room in
                unsafe BIO_read(file, room.baseAddress.map { unsafe $0 + used }, Int32(room.count - used))
            }
            guard count >= 0 else { throw .unreadableFile(path, reason: OpenSSLFailure.take().text) }
            if count == 0 { break }
            used += Int(count)
        }
        self.init(named: path, Secret(copying: bytes.span.extracting(first: used)))
    }
}

/// A certificate with those that lead to its authority, and its private key.
public struct TLSIdentity: Sendable {
    /// The certificate first, then each one's issuer; the authority itself may be left out.
    public let certificates: PEM
    /// The private key, not encrypted.
    public let key: PEM

    /// An identity whose parts are checked when a ``TLSContext`` takes it.
    public init(certificates: PEM, key: PEM) {
        self.certificates = certificates
        self.key = key
    }
}

extension PEM {
    /// Throws when one of its certificates is broken, and when there is none.
    public func checkCertificates() throws(TLSSetupError) {
        try unsafe forEachCertificate { (_: OpaquePointer) throws(TLSSetupError) in }
    }

    /// Calls `body` with each certificate; throws when one is broken or when there is none.
    func forEachCertificate(_ body: (OpaquePointer) throws(TLSSetupError) -> Void) throws(TLSSetupError) {
        var number = 0
        let outcome = unsafe withReader { bio in
            Result { () throws(TLSSetupError) in
                while let certificate = unsafe PEM_read_bio_X509(bio, nil, refusePassword, nil) {
                    defer { unsafe X509_free(certificate) }
                    number += 1
                    try unsafe body(certificate)
                }
            }
        }
        try outcome.get()
        let end = OpenSSLFailure.take()
        guard end.library == Int(ERR_LIB_PEM), end.reason == Int(PEM_R_NO_START_LINE) else {
            throw .brokenCertificate(name, number: number + 1, reason: end.text)
        }
        guard number > 0 else { throw .noCertificate(name) }
    }

    /// The private key in it, to be freed by the caller.
    func privateKey() throws(TLSSetupError) -> OpaquePointer {
        var wasAsked = false
        if let key = unsafe withReader({ unsafe PEM_read_bio_PrivateKey($0, nil, refusePassword, &wasAsked) }) {
            return unsafe key
        }
        let failure = OpenSSLFailure.take()
        guard !wasAsked else { throw .encryptedKey(name) }
        guard text.withBytes({ $0.contains("PRIVATE KEY-----") }) else { throw .noKey(name) }
        throw .brokenKey(name, reason: failure.text)
    }

    /// Lets `body` read the text through one of OpenSSL's BIOs.
    func withReader<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
        OpenSSLFailure.forget()
        return text.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { source in
                let bio = unsafe BIO_new_mem_buf(source.baseAddress, Int32(truncatingIfNeeded: source.count))
                defer { unsafe BIO_free(bio) }
                return unsafe body(bio)
            }
        }
    }
}

/// OpenSSL asks here for the password of an encrypted PEM; without this it would ask on the terminal.  `context`, if
/// there is one, is a `Bool` that remembers it.
private func refusePassword(
    _ room: UnsafeMutablePointer<CChar>?, _ size: Int32, _ writing: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    unsafe context?.storeBytes(of: true, as: Bool.self)
    return -1
}

extension Span where Element == UInt8 {
    /// True when `text` stands somewhere in it.
    func contains(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        return count >= length && (0...count - length).contains { extracting($0..<$0 + length).equals(text) }
    }
}
