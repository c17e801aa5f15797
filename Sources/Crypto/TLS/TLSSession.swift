internal import COpenSSL

/// What a server gave us to resume with: the next handshake is shorter and shows no certificate.
///
/// Since the certificate is not checked again, it goes on only to the server that it came from, and only under the
/// trust that the certificate was checked with; ``TLSConnection`` sees to that.  With TLS 1.3 OpenSSL resumes a session
/// once (RFC 8446 §C.4): take the one that the resumed connection brings for the next.
@safe public final class TLSSession: Sendable {
    /// `SSL_SESSION *`.  Safe to share: OpenSSL counts its references atomically and does not change it once made.
    private nonisolated(unsafe) let handle: OpaquePointer
    private let serverName: String
    private let trust: SHA256Digest

    /// Takes over the reference that `handle` holds.
    init(owning handle: OpaquePointer, serverName: String, trust: SHA256Digest) {
        unsafe self.handle = unsafe handle
        self.serverName = serverName
        self.trust = trust
    }

    deinit { unsafe SSL_SESSION_free(handle) }

    /// Has `connection`, which goes to `serverName` under `trust`, try to resume; does nothing for another.
    func resume(on connection: OpaquePointer, serverName: String, trust: SHA256Digest) {
        guard serverName == self.serverName, trust == self.trust else { return }
        unsafe SSL_set_session(connection, handle)
    }
}
