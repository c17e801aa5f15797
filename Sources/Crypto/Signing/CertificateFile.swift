internal import COpenSSL

/// What a file with a certificate and its key holds, as OpenSSL's objects.
///
/// The key is the caller's to free; the certificates free themselves.
@safe struct CertificateFile {
    /// `EVP_PKEY *`.
    let key: OpaquePointer
    /// At least one, the leaf first.
    let certificates: [Certificate]

    /// One certificate.
    @safe final class Certificate {
        /// `X509 *`.
        let handle: OpaquePointer

        /// Takes it over.
        init(taking handle: OpaquePointer) { unsafe self.handle = handle }

        deinit { unsafe X509_free(handle) }
    }

    /// Reads PEM, or PKCS #12 when there is no `-----BEGIN`.
    static func read(_ file: Secret, password: Secret?) throws(SigningCertificateError) -> CertificateFile {
        // A PEM text may have words in front.
        let isPEM = file.withBytes { $0.contains("-----BEGIN") }
        return isPEM ? try readPEM(file, password) : try readPKCS12(file, password)
    }

    /// Lets `body` read the bytes through one of OpenSSL's BIOs.
    private static func withReader<Result>(_ file: Secret, _ body: (OpaquePointer?) -> Result) -> Result {
        file.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { source in
                let bio = unsafe BIO_new_mem_buf(source.baseAddress, Int32(truncatingIfNeeded: source.count))
                defer { unsafe BIO_free(bio) }
                return unsafe body(bio)
            }
        }
    }
}

// MARK: PEM

extension CertificateFile {
    private static func readPEM(
        _ file: Secret, _ password: Secret?
    ) throws(SigningCertificateError) -> CertificateFile {
        let certificates = try pemCertificates(file)
        guard !certificates.isEmpty else { throw .noCertificate }
        var question = PasswordQuestion(password)
        let key = unsafe withReader(file) { bio in
            unsafe withUnsafeMutablePointer(to: &question) { question in
                unsafe PEM_read_bio_PrivateKey(bio, nil, answerWithPassword, question)
            }
        }
        if let key = unsafe key { return unsafe CertificateFile(key: key, certificates: certificates) }
        let failure = OpenSSLFailure.take()
        if question.wasAsked { throw password == nil ? .noPassword : .wrongPassword }
        guard file.withBytes({ $0.contains("PRIVATE KEY-----") }) else { throw .noKey }
        throw .brokenKey(reason: failure.text)
    }

    private static func pemCertificates(_ file: Secret) throws(SigningCertificateError) -> [Certificate] {
        var certificates: [Certificate] = []
        unsafe withReader(file) { bio in
            while let certificate = unsafe PEM_read_bio_X509(bio, nil, nil, nil) {
                certificates.append(unsafe Certificate(taking: certificate))
            }
        }
        let end = OpenSSLFailure.take()
        guard end.library == Int(ERR_LIB_PEM), end.reason == Int(PEM_R_NO_START_LINE) else {
            throw .brokenCertificate(number: certificates.count + 1, reason: end.text)
        }
        return certificates
    }
}

/// What OpenSSL is told when it asks for a password, and that it asked.
private struct PasswordQuestion {
    let password: Secret?
    var wasAsked = false

    init(_ password: Secret?) { self.password = password }
}

/// OpenSSL asks here for the password of an encrypted PEM; without this it would ask on the terminal.
private func answerWithPassword(
    _ room: UnsafeMutablePointer<CChar>?, _ size: Int32, _ writing: Int32, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let question = unsafe context?.assumingMemoryBound(to: PasswordQuestion.self) else { return -1 }
    unsafe question.pointee.wasAsked = true
    guard let password = unsafe question.pointee.password, password.count <= Int(size) else { return -1 }
    // Safe: it fits, as was just checked.
    return password.withBytes { bytes in
        unsafe bytes.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(start: room, count: Int(size)).copyMemory(from: source)
            return Int32(source.count)
        }
    }
}

// MARK: PKCS #12

extension CertificateFile {
    private static func readPKCS12(
        _ file: Secret, _ password: Secret?
    ) throws(SigningCertificateError) -> CertificateFile {
        guard let archive = unsafe withReader(file, { unsafe d2i_PKCS12_bio($0, nil) }) else {
            throw .unknownFormat(reason: OpenSSLFailure.take().text)
        }
        defer { unsafe PKCS12_free(archive) }
        var (key, leaf, others): (OpaquePointer?, OpaquePointer?, OpaquePointer?) = (nil, nil, nil)
        let isOpen = unsafe withText(of: password) { text in
            unsafe PKCS12_parse(archive, text, &key, &leaf, &others) == 1
        }
        guard isOpen else { throw reason(OpenSSLFailure.take(), hasPassword: password != nil) }
        // PKCS12_parse may succeed with errors that it got over left in the queue.
        OpenSSLFailure.forget()
        var certificates: [Certificate] = []
        if let leaf = unsafe leaf { certificates.append(unsafe Certificate(taking: leaf)) }
        for index in 0..<(unsafe cX509_stack_count(others)) {
            guard let other = unsafe cX509_stack_item(others, index) else { continue }
            unsafe X509_up_ref(other)
            certificates.append(unsafe Certificate(taking: other))
        }
        unsafe cX509_stack_free(others)
        guard let key = unsafe key else { throw .noKey }
        guard unsafe leaf != nil else {
            // Without a certificate that fits the key, OpenSSL names no leaf.
            unsafe EVP_PKEY_free(key)
            throw certificates.isEmpty ? .noCertificate : .keyMismatch
        }
        return unsafe CertificateFile(key: key, certificates: certificates)
    }

    private static func reason(_ failure: OpenSSLFailure, hasPassword: Bool) -> SigningCertificateError {
        if failure.library == Int(ERR_LIB_PKCS12), failure.reason == Int(PKCS12_R_MAC_VERIFY_FAILURE) {
            return hasPassword ? .wrongPassword : .noPassword
        }
        if failure.text.contains("unsupported") { return .oldEncryption }
        return .brokenKey(reason: failure.text)
    }

    /// Lets `body` read the password with a zero behind it, as C texts have; it is overwritten afterwards.
    private static func withText<Result>(of password: Secret?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
        guard let password else { return body(nil) }
        return password.withBytes { bytes in
            let room = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count + 1, alignment: 1)
            defer {
                unsafe OPENSSL_cleanse(room.baseAddress, room.count)
                unsafe room.deallocate()
            }
            unsafe room[bytes.count] = 0
            unsafe bytes.withUnsafeBytes { unsafe room.copyMemory(from: $0) }
            return unsafe body(room.baseAddress.map { unsafe UnsafePointer($0.assumingMemoryBound(to: CChar.self)) })
        }
    }
}
