internal import CLinux
internal import Glibc

/// The file of a Unix socket, as it was when the socket was bound: another file may stand at its path by now.
public struct SocketFile: Equatable, Sendable {
    /// Where it was bound.
    public let path: String
    private let device: UInt
    private let inode: UInt

    /// What stands at `path` now; `nil` unless it is a socket.
    init?(at path: String) {
        var (device, inode) = (UInt(0), UInt(0))
        guard unsafe acs_socket_file(path, &device, &inode) == 0 else { return nil }
        (self.path, self.device, self.inode) = (path, device, inode)
    }

    /// False once somebody removed or replaced it: nobody can connect by its path then.
    public var isInPlace: Bool { SocketFile(at: path) == self }

    /// Removes it, unless another file stands in its place.
    public func remove() {
        if isInPlace { _ = unsafe unlink(path) }
    }
}
