/// Who may use a route.
///
/// Callers and their proofs come with a later version; today a route says aloud that anybody may.
public enum AccessRules: Sendable, Equatable {
    /// `allow: [anonymous]`
    case anyone

    /// Admits one request of the connection that `peer` made, or says why not.
    public func admit(from peer: ConnectionIdentity) throws(AdmissionError) -> AdmittedRequest {
        switch self {
        case .anyone: AdmittedRequest(caller: nil, peer: peer)
        }
    }
}

/// The proof that one request may be made: only ``AccessRules`` makes it, and the step that writes the outbound
/// request demands it, so that a request which nobody admitted cannot be authorized by mistake.
public struct AdmittedRequest: ~Copyable {
    /// The caller's name; `nil` for anonymous ones.
    public let caller: String?
    /// Whose connection it came by.
    public let peer: ConnectionIdentity

    init(caller: String?, peer: ConnectionIdentity) { (self.caller, self.peer) = (caller, peer) }
}

/// Why a request was not admitted.
public enum AdmissionError: Error, Equatable, Sendable {
    /// It proves no caller: 401.
    case notAuthenticated
    /// The caller may not use this route: 403.
    case notAllowed(caller: String)
}
