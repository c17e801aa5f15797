internal import Bytes
internal import COpenSSL

/// The name of a server that a client wants to see in its certificate.
enum ServerName {
    /// Has `connection` verify `name`, and send it (RFC 6066 §3) unless it is an IP address.
    static func expect(_ name: String, on connection: OpaquePointer) throws(TLSError) {
        let parameters = unsafe SSL_get0_param(connection)
        guard isPlain(name) else { throw .badServerName(name) }
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
        OpenSSLFailure.forget()
        // Names stand in the subject alternative names (RFC 6125 §6.4.4), and `*` is a whole label or nothing.
        let flags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
        unsafe X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(flags))
        guard
            unsafe X509_VERIFY_PARAM_set1_host(parameters, name, name.utf8.count) == 1,
            unsafe cSSL_set_tlsext_host_name(connection, name) == 1
        else {
            OpenSSLFailure.forget()
            throw .badServerName(name)
        }
    }

    /// True for letters, digits and `-._:`, at most 255: nothing that C would read otherwise than we do.
    static func isPlain(_ name: some StringProtocol) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || isMark($0) }
    }

    /// True for `-._:`.
    static func isMark(_ byte: UInt8) -> Bool { byte == 0x2D || byte == 0x2E || byte == 0x5F || byte == 0x3A }
}
