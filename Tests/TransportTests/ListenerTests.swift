import Glibc
import Support
import Testing

@testable import Transport

@Suite("Binding addresses")
struct ListeningSocketTests {
    private let anyPort = SocketAddress.ipv4(0x7F00_0001, port: 0)

    @Test("each worker gets a socket at one port, which is told")
    func workers() throws {
        let sockets = try ListeningSocket.bindTCP(anyPort, count: 3)
        defer { for socket in sockets { socket.close() } }
        #expect(sockets.count == 3 && Set(sockets.map(\.descriptor)).count == 3)
        #expect(Set(sockets.map(\.address)).count == 1)
        #expect(sockets[0].address.port != 0 && sockets[0].address.host == anyPort.host)
        let client = try Socket.connected(to: .ipv4("127.0.0.1", port: sockets[0].address.port))
        client.close()
    }

    @Test("an address that somebody listens on is refused, also when he would share it")
    func taken() throws {
        let inUse = Transport.SystemError(call: "bind", code: EADDRINUSE)
        let ours = try ListeningSocket.bindTCP(anyPort, count: 2)
        defer { for socket in ours { socket.close() } }
        #expect(throws: inUse) { try ListeningSocket.bindTCP(ours[0].address, count: 2) }
        let theirs = try Socket.listening(on: .ipv4("127.0.0.1", port: 0))
        let address = anyPort.with(port: theirs.localAddress(of: .ipv4("127.0.0.1", port: 0)).port)
        #expect(throws: inUse) { try ListeningSocket.bindTCP(address, count: 1) }
        #expect(inUse.isAddressInUse)
    }

    @Test("an address that the machine does not have is refused")
    func foreign() {
        // 192.0.2.0/24 is for documentation (RFC 5737).
        #expect(throws: Transport.SystemError.addressNotAvailable) {
            try ListeningSocket.bindTCP(.ipv4(0xC000_0201, port: 0), count: 1)
        }
    }

    @Test("a unix socket has its mode from the start, and its file goes when it is told to")
    func unix() throws {
        let directory = try TemporaryDirectory()
        for mode in [UInt16(0o600), 0o660, 0o666] {
            let path = "\(directory.path)/\(mode).sock"
            let socket = try ListeningSocket.bindUnix(path, mode: mode)
            #expect(Files.mode(of: path) == UInt32(mode))
            #expect(socket.address == .unix(path))
            try Socket.connected(to: .unix(path)).close()
            socket.close()
            #expect(Files.mode(of: path) != nil)
            socket.unlink()
            #expect(Files.mode(of: path) == nil)
        }
    }

    @Test("a socket knows its file from another in its place, and removes its own alone")
    func socketFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a.sock"
        let first = try ListeningSocket.bindUnix(path, mode: 0o600)
        let file = try #require(first.file)
        #expect(try file.isInPlace && first.duplicated().file == file)
        try directory.remove("a.sock")
        #expect(!file.isInPlace)
        let second = try ListeningSocket.bindUnix(path, mode: 0o600)
        first.unlink()
        #expect(second.file?.isInPlace == true && !file.isInPlace)
        second.unlink()
        #expect(Files.mode(of: path) == nil)
        try directory.write("a.sock", "text")
        second.unlink()
        #expect(Files.mode(of: path) != nil)
        first.close()
        second.close()
    }

    @Test("who connects to a unix socket is told by the kernel")
    func peerProcess() throws {
        let directory = try TemporaryDirectory()
        let socket = try ListeningSocket.bindUnix(directory.path + "/a.sock", mode: 0o600)
        let client = try Socket.connected(to: .unix(directory.path + "/a.sock"))
        let accepted = accept(socket.descriptor, nil, nil)
        let peer = try #require(Connection.peerProcess(of: accepted))
        #expect((peer.userID, peer.groupID, peer.processID) == (geteuid(), getegid(), getpid()))
        #expect(Connection.peerProcess(of: -1) == nil)
        client.close()
        close(accepted)
        socket.close()
    }

    @Test("a socket file that nobody answers is replaced, one that somebody serves is not")
    func stale() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/a.sock"
        let first = try ListeningSocket.bindUnix(path, mode: 0o600)
        #expect(throws: Transport.SystemError(call: "bind", code: EADDRINUSE)) {
            try ListeningSocket.bindUnix(path, mode: 0o600)
        }
        try Socket.connected(to: .unix(path)).close()
        first.close()
        let second = try ListeningSocket.bindUnix(path, mode: 0o600)
        try Socket.connected(to: .unix(path)).close()
        second.close()
    }

    @Test("a socket of another kind is somebody's, too")
    func datagram() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/log.sock"
        let kind = Int32(SOCK_DGRAM.rawValue)
        let other = socket(AF_UNIX, kind, 0)
        defer { close(other) }
        let bound = try unsafe SocketAddress.unix(path).withSystemAddress {
            (address, length) throws(Transport.SystemError) in
            unsafe bind(other, address, length)
        }
        #expect(bound == 0)
        #expect(throws: Transport.SystemError(call: "bind", code: EADDRINUSE)) {
            try ListeningSocket.bindUnix(path, mode: 0o600)
        }
        #expect(Files.mode(of: path) != nil)
    }

    @Test("a file, a directory or a link in its place is left alone")
    func otherFiles() throws {
        let directory = try TemporaryDirectory()
        try directory.write("file", "text")
        try directory.makeDirectory("directory")
        #expect(unsafe symlink("\(directory.path)/nowhere", "\(directory.path)/link") == 0)
        for name in ["file", "directory", "link"] {
            #expect(throws: Transport.SystemError(call: "bind", code: EADDRINUSE)) {
                try ListeningSocket.bindUnix("\(directory.path)/\(name)", mode: 0o600)
            }
            #expect(Files.mode(of: "\(directory.path)/\(name)") != nil)
        }
        #expect(try Files.bytes(at: directory.path + "/file") == Array("text".utf8))
    }

    @Test("a path that is too long, or has no directory, is refused")
    func paths() {
        #expect(throws: Transport.SystemError(call: "bind", code: ENAMETOOLONG)) {
            try ListeningSocket.bindUnix("/tmp/" + String(repeating: "a", count: 103), mode: 0o600)
        }
        #expect(throws: Transport.SystemError(call: "bind", code: ENOENT)) {
            try ListeningSocket.bindUnix("/nonexistent/a.sock", mode: 0o600)
        }
    }
}

@Suite("Accepting connections")
struct ListenerTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/a.sock"
    }

    @Test("each connection is handed on, and its bytes flow")
    func accepting() throws {
        let script = try LoopScript()
        let socket = try ListeningSocket.bindTCP(.ipv4(0x7F00_0001, port: 0), count: 1)[0]
        var accepted: [(descriptor: Int32, peer: SocketAddress)] = []
        let listener = Listener(socket, isShared: false) { accepted.append(($0, $1)) }
        try listener.start(in: script.loop)
        let clients = try (0..<200).map { _ in
            try Socket.connected(to: .ipv4("127.0.0.1", port: socket.address.port))
        }
        script.when { accepted.count == 200 }
        try script.run()
        #expect(accepted.allSatisfy { $0.peer.host == .ipv4(0x7F00_0001, port: 0) && $0.peer.port != 0 })
        for (descriptor, _) in accepted {
            #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0 && fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(hasNoDelay(descriptor))  // from the listening socket
            put([0x61], to: descriptor)
            close(descriptor)
        }
        for client in clients { #expect(client.receive(until: .now + Pace.seconds(30)) == .bytes([0x61])) }
        listener.close()
    }

    /// Small pieces are sent at once, and not gathered (TCP_NODELAY).
    private func hasNoDelay(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return unsafe getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &value, &length) == 0 && value != 0
    }

    @Test("while there is no room connections wait, and are then accepted")
    func full() throws {
        let script = try LoopScript()
        let socket = try ListeningSocket.bindUnix(path, mode: 0o600)
        var accepted: [Int32] = []
        var (room, asked) = (2, 0)
        let listener = Listener(socket, isShared: true) { descriptor, peer in
            #expect(peer == .unix(""))
            accepted.append(descriptor)
        }
        listener.mayAccept = {
            asked += 1
            return accepted.count < room
        }
        try listener.start(in: script.loop)
        let clients = try (0..<5).map { _ in try Socket.connected(to: .unix(path)) }
        script.when {
            asked >= 4
        } then: {
            #expect(accepted.count == 2)
            room = 10
        }
        script.when { accepted.count == 5 }
        try script.run()
        // Not once a moment: it waits in between.
        #expect(asked < 20)
        for descriptor in accepted { close(descriptor) }
        for client in clients { client.close() }
        listener.close()
    }

    @Test("two loops share one socket, and nobody is accepted twice")
    func shared() throws {
        let (one, other) = (try LoopScript(), try LoopScript())
        let socket = try ListeningSocket.bindUnix(path, mode: 0o600)
        var accepted: [[Int32]] = [[], []]
        let first = Listener(socket, isShared: true) { descriptor, _ in accepted[0].append(descriptor) }
        let second = Listener(try socket.duplicated(), isShared: true) { descriptor, _ in
            accepted[1].append(descriptor)
        }
        try first.start(in: one.loop)
        try second.start(in: other.loop)
        var clients = try (0..<3).map { _ in try Socket.connected(to: .unix(path)) }
        one.when { accepted[0].count == 3 }
        try one.run()
        clients += try (0..<2).map { _ in try Socket.connected(to: .unix(path)) }
        other.when { accepted[1].count == 2 }
        try other.run()
        #expect(Set(accepted.joined()).count == 5)
        for descriptor in accepted.joined() { close(descriptor) }
        for listener in [first, second] { listener.close() }
    }

    @Test("before it closes, everybody who waits is accepted")
    func acceptAll() throws {
        let script = try LoopScript()
        let socket = try ListeningSocket.bindUnix(path, mode: 0o600)
        var accepted: [Int32] = []
        let listener = Listener(socket, isShared: true) { descriptor, _ in accepted.append(descriptor) }
        try listener.start(in: script.loop)
        let clients = try (0..<150).map { _ in try Socket.connected(to: .unix(path)) }
        listener.acceptAll()
        #expect(accepted.count == 150)
        listener.close()
        #expect(throws: (any Error).self) { try Socket.connected(to: .unix(path)) }
        for descriptor in accepted { close(descriptor) }
        for client in clients { client.close() }
    }

    @Test("a listener that is closed by whom it hands on accepts no more")
    func closedWhileAccepting() throws {
        let script = try LoopScript()
        let socket = try ListeningSocket.bindUnix(path, mode: 0o600)
        var accepted: [Int32] = []
        var listener: Listener?
        listener = Listener(socket, isShared: true) { descriptor, _ in
            accepted.append(descriptor)
            listener?.close()
        }
        let clients = try (0..<3).map { _ in try Socket.connected(to: .unix(path)) }
        try listener?.start(in: script.loop)
        script.when { !accepted.isEmpty }
        try script.run()
        listener?.acceptAll()
        #expect(accepted.count == 1)
        for descriptor in accepted { close(descriptor) }
        for client in clients { client.close() }
        listener = nil
    }

    @Test("a socket that is broken for good keeps nobody busy")
    func broken() throws {
        let script = try LoopScript()
        let socket = try ListeningSocket.bindTCP(.ipv4(0x7F00_0001, port: 0), count: 1)[0]
        let listener = Listener(socket, isShared: false) { _, _ in Issue.record("nobody came") }
        var asked = 0
        listener.mayAccept = {
            asked += 1
            return true
        }
        try listener.start(in: script.loop)
        // It listens no longer: each accept fails, and there is always something to be told.
        #expect(shutdown(socket.descriptor, Int32(SHUT_RDWR)) == 0)
        listener.acceptAll()
        #expect(asked == 1)
        script.when { asked >= 3 }
        try script.run()
        #expect(asked < 10)
        listener.close()
    }
}
