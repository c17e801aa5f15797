internal import COpenSSL

/// Why a TLS connection cannot go on.
public enum TLSError: Error, Equatable {
    /// The peer's certificate was not accepted.
    case certificate(CertificateProblem)
    /// The peer ended the connection with this alert, in OpenSSL's words.
    case alert(String)
    /// What came is not TLS at all.
    case notTLS
    /// The peer speaks no version that we accept.
    case noCommonVersion
    /// The server chose an application protocol that we did not offer.
    case wrongApplicationProtocol
    /// OpenSSL refused what the server said in an extension: in releases that check it, the same mistake.
    case badExtension
    /// The name of the server is not a host name and not an IP address.
    case badServerName(String)
    /// Not established yet, or closed already: nothing can be sent.
    case notOpen
    /// Anything else, in OpenSSL's words.
    case failed(String)
}

/// What is wrong with a certificate.
public enum CertificateProblem: Equatable, Sendable {
    /// It, or one that vouches for it, is past its end.
    case expired
    /// It, or one that vouches for it, is before its start.
    case notYetValid
    /// It is not for the name that was asked for.
    case wrongName(String)
    /// It vouches for itself.
    case selfSigned
    /// Nobody whom we trust vouches for it.
    case unknownAuthority
    /// It is not meant for this use.
    case wrongPurpose
    /// There is none.
    case missing
    /// Anything else, in OpenSSL's words.
    case other(String)
}

extension TLSError: CustomStringConvertible {
    /// One sentence.
    public var description: String {
        switch self {
        case .certificate(let problem): problem.description
        case .alert(let text): "the peer refused TLS with the alert `\(text)`"
        case .notTLS: "the peer does not speak TLS on this port"
        case .noCommonVersion: "the peer speaks no TLS version that is accepted here"
        case .wrongApplicationProtocol:
            "the peer chose an application protocol that was not offered; the endpoint must speak `http/1.1`"
        case .badExtension:
            "a TLS extension of the peer is not valid, most likely an application protocol that was not offered; "
                + "the endpoint must speak `http/1.1`"
        case .badServerName(let name): "`\(name)` is neither a host name nor an IP address"
        case .notOpen: "the TLS connection is not open"
        case .failed(let reason): "TLS failed: \(reason)"
        }
    }
}

extension CertificateProblem: CustomStringConvertible {
    /// One sentence.
    public var description: String {
        switch self {
        case .expired: "the peer's certificate has expired"
        case .notYetValid: "the peer's certificate is not valid yet"
        case .wrongName(let name): "the peer's certificate is not for `\(name)`"
        case .selfSigned: "the peer's certificate is self-signed and not trusted"
        case .unknownAuthority: "the peer's certificate is not issued by a trusted authority"
        case .wrongPurpose: "the peer's certificate is not meant for this use"
        case .missing: "the peer showed no certificate"
        case .other(let reason): "the peer's certificate is not accepted: \(reason)"
        }
    }
}

extension TLSError {
    /// What the failed call on `connection` left in the error queue, for a client that asked for `serverName`.
    static func take(from connection: OpaquePointer, serverName: String) -> TLSError {
        let failure = OpenSSLFailure.take()
        if let alert = failure.alert {
            guard alert != SSL_AD_PROTOCOL_VERSION else { return .noCommonVersion }
            return .alert(unsafe String(cString: SSL_alert_desc_string_long(alert)))
        }
        guard failure.library == Int(ERR_LIB_SSL) else { return .failed(failure.text) }
        switch Int32(truncatingIfNeeded: failure.reason) {
        case SSL_R_CERTIFICATE_VERIFY_FAILED:
            let result = unsafe SSL_get_verify_result(connection)
            return .certificate(CertificateProblem(verifyResult: result, serverName: serverName))
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return .certificate(.missing)
        case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST:
            return .notTLS
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW:
            return .noCommonVersion
        case SSL_R_BAD_EXTENSION where !serverName.isEmpty:
            return .badExtension
        default:
            return .failed(failure.text)
        }
    }
}

extension CertificateProblem {
    /// What one of OpenSSL's `X509_V_ERR_` numbers means.
    fileprivate init(verifyResult: Int, serverName: String) {
        switch Int32(truncatingIfNeeded: verifyResult) {
        case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
        case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: self = .wrongName(serverName)
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: self = .selfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            self = .unknownAuthority
        case X509_V_ERR_INVALID_PURPOSE: self = .wrongPurpose
        default: self = .other(unsafe String(cString: X509_verify_cert_error_string(verifyResult)))
        }
    }
}
