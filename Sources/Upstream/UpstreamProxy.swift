internal import Bytes
public import Crypto

/// An HTTP proxy through which a target is reached: it is asked for a tunnel with `CONNECT` (RFC 9110 §9.3.6) and sees
/// only where it leads, and what TLS shows anybody.
public struct UpstreamProxy: Sendable {
    /// Name or address of the proxy, without brackets.
    public let host: String
    /// Its port.
    public let port: UInt16
    /// True when it is told a name and a password.
    let hasCredential: Bool
    /// What is sent to it: the head of one `CONNECT`, with the credential if there is one.
    let request: Secret
    /// Stands for all of the above, to tell whether two are the same; derived from the credential, so never shown.
    let identity: String

    /// The way through `host` and `port` to `target`, a host (IPv6 without brackets) and its port.
    ///
    /// - Parameter credential: for `Proxy-Authorization: Basic` (RFC 7617); the name without a colon.
    public init(
        host: String, port: UInt16, to target: (host: String, port: UInt16),
        credential: (username: String, password: Secret)? = nil
    ) {
        (self.host, self.port, hasCredential) = (host, port, credential != nil)
        let name = target.host.utf8.contains(UInt8(ascii: ":")) ? "[\(target.host)]" : target.host
        var head = ByteBuffer()
        head.append(text: "CONNECT \(name):\(target.port) HTTP/1.1\r\nhost: \(name):\(target.port)\r\n")
        if let credential {
            var userPass = ByteBuffer()
            userPass.append(text: credential.username + ":")
            credential.password.withBytes { userPass.append($0) }
            head.append("proxy-authorization: Basic ")
            Base64.encode(userPass.span, into: &head)
            head.append("\r\n")
            userPass.wipe()
        }
        head.append("\r\n")
        request = Secret(copying: head.span)
        var digest = SHA256()
        digest.update("\(host) \(port) ".utf8.span)
        digest.update(head.span)
        identity = digest.finalize().hex
        head.wipe()
    }
}
