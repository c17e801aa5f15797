/// Where a listener listens: `host:port`, `[v6]:port` or `unix:/path`.
public enum BindAddress: Hashable, Sendable {
    /// A numeric address in its canonical text (IPv6 without brackets), and a port; 0 lets the system choose one.
    case tcp(host: String, port: UInt16)
    /// A path of at most 107 bytes.
    case unix(path: String)
}
