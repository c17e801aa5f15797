internal import ConfigDSL

/// E62x: credentials that fetch tokens.
extension DiagnosticID {
    /// A scope that no token can be had for.
    static let badScope = DiagnosticID("E620")
    /// A tenant, client, object or resource identifier that cannot be one.
    static let badIdentifier = DiagnosticID("E621")
    /// Not an authority.
    static let badAuthority = DiagnosticID("E622")
    /// A certificate file that cannot be used.
    static let badCertificate = DiagnosticID("E623")
    /// The platform's variables are not there, or are not what they should be.
    static let noPlatform = DiagnosticID("E624")
    /// A setting that this source of managed identities does not take.
    static let sourceSetting = DiagnosticID("E625")
    /// Not the address of a token endpoint.
    static let badTokenURL = DiagnosticID("E626")
    /// An Entra token would go to a host that is not Azure's.
    static let tokenToStranger = DiagnosticID("E627")
    /// A certificate that ends soon, or has ended.
    static let certificateEnds = DiagnosticID("W620")
    /// A scope whose second slash seems to be missing.
    static let scopeWithOneSlash = DiagnosticID("W621")
}
