public import Crypto

/// Who the peer of one connection is, as far as the connection itself proves it: known before any request, and the
/// same for all of them.
///
/// What a caller's `mtls` or `peer` proof is held against; what a request shows beside it (a signature, a token) is not
/// here.
public struct ConnectionIdentity: Equatable, Sendable {
    /// The verified client certificate of a TLS connection; `nil` for plain ones, and where a listener let a client
    /// in without one.
    public let certificate: PeerCertificate?
    /// The process at the other end of a Unix socket; `nil` for other connections.
    public let process: PeerProcess?

    /// An identity of these parts.
    public init(certificate: PeerCertificate? = nil, process: PeerProcess? = nil) {
        (self.certificate, self.process) = (certificate, process)
    }

    /// A connection that proves nothing.
    public static let unknown = ConnectionIdentity()
}

/// A process that connected to a Unix socket, as the kernel knew it then (unix(7), `SO_PEERCRED`).
public struct PeerProcess: Equatable, Sendable {
    /// Its effective user.
    public let userID: UInt32
    /// Its effective group.
    public let groupID: UInt32
    /// Its number, which may be another's by now; for a person to read, not for a decision.
    public let processID: Int32

    /// A process with these numbers.
    public init(userID: UInt32, groupID: UInt32, processID: Int32) {
        (self.userID, self.groupID, self.processID) = (userID, groupID, processID)
    }
}
