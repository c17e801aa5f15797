import Bytes
import Crypto
import Glibc
import Support
import Testing
import Transport

@Suite("Whole files")
struct WholeFileTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func path(_ name: String) -> String { directory.path + "/" + name }

    @Test("a file is read up to its limit, and not beyond", arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
    func limit(count: Int) throws {
        let bytes = [UInt8](repeating: 0x61, count: count)
        try directory.write("file", String(decoding: bytes, as: UTF8.self))
        #expect(try WholeFile.read(path("file"), limitBytes: count).bytes == bytes)
        guard count > 0 else { return }
        let error = #expect(throws: Transport.SystemError.self) {
            try WholeFile.read(path("file"), limitBytes: count - 1)
        }
        #expect(error?.isTooLarge == true)
    }

    @Test("who else may read it is told")
    func mode() throws {
        for (name, mode) in [("own", 0o600), ("group", 0o640), ("all", 0o644)] as [(String, UInt32)] {
            try WholeFile.write([1].span, to: path(name), mode: mode)
            #expect(try WholeFile.read(path(name), limitBytes: 10).isWorldReadable == (mode == 0o644))
            #expect(Files.mode(of: path(name)) == mode)
        }
    }

    @Test("what cannot be read is told by its kind")
    func kinds() throws {
        func failure(_ path: String) throws -> Transport.SystemError? {
            #expect(throws: Transport.SystemError.self) { try WholeFile.read(path, limitBytes: 10) }
        }
        #expect(try failure(path("nothing"))?.isNotFound == true)
        #expect(try failure(directory.path)?.isNotAFile == true)
        #expect(try failure(path("a\0b"))?.isNotAFile == true)
        #expect(try failure("/dev/zero")?.isTooLarge == true)
    }

    @Test("a pipe is read to its end, and not waited for without end")
    func pipes() throws {
        func failure(_ read: () throws -> Void) throws -> Transport.SystemError? {
            #expect(throws: Transport.SystemError.self) { try read() }
        }
        let pipe = path("pipe")
        let made = unsafe mkfifo(pipe, 0o600)
        try #require(made == 0)
        // Nobody writes, and somebody who says nothing.
        let patience = Duration.milliseconds(50)
        for isHeld in [false, true] {
            let holder = isHeld ? unsafe open(pipe, O_RDWR | O_CLOEXEC) : -1
            #expect(try failure { _ = try WholeFile.read(pipe, limitBytes: 10, patience: patience) }?.isLate == true)
            #expect(
                try failure { _ = try WholeFile.readSecret(pipe, limitBytes: 10, patience: patience) }?.isLate == true)
            if isHeld { close(holder) }
        }
        try Transport.Thread.start("writer") {
            let descriptor = unsafe open(pipe, O_WRONLY | O_CLOEXEC)
            for byte in [UInt8](0x61...0x63) {
                Pacing.wait(until: .now + .milliseconds(20))
                _ = unsafe withUnsafeBytes(of: byte) { unsafe write(descriptor, $0.baseAddress, 1) }
            }
            close(descriptor)
        }
        #expect(try WholeFile.read(pipe, limitBytes: 10).bytes == Array("abc".utf8))
    }

    @Test("a file that is there stays, unless it is to be replaced")
    func replacing() throws {
        try directory.write("file", "old")
        #expect(throws: Transport.SystemError.self) { try WholeFile.write([0x6E].span, to: path("file"), mode: 0o600) }
        #expect(try Files.bytes(at: path("file")) == Array("old".utf8))
        try WholeFile.write([0x6E].span, to: path("file"), mode: 0o600, replacing: true)
        #expect(try Files.bytes(at: path("file")) == [0x6E])
        WholeFile.remove(path("file"))
        WholeFile.remove(path("file"))
        #expect(!WholeFile.exists(path("file")))
    }

    @Test("a file whose owner matters is a file, not a link, and small enough")
    func guarded() throws {
        try directory.write("key", "12345")
        let read = try WholeFile.readGuarded(path("key"), limitBytes: 5)
        #expect(read.content.withBytes { $0.array } == Array("12345".utf8))
        #expect(read.owner == WholeFile.ownUserID && !read.isWorldWritable && read.writingGroup == nil)
        #expect(throws: Transport.SystemError.self) { try WholeFile.readGuarded(path("key"), limitBytes: 4) }
        #expect(throws: Transport.SystemError.self) { try WholeFile.readGuarded(directory.path, limitBytes: 4) }
        #expect(throws: Transport.SystemError.self) { try WholeFile.readGuarded("/dev/zero", limitBytes: 4) }
        #expect(throws: Transport.SystemError.self) { try WholeFile.readGuarded("/proc/self/exe", limitBytes: 1 << 30) }
    }

    @Test("a secret's file is read whole, also through a link, unless it is too large")
    func secret() throws {
        try directory.write("token", String(repeating: "t", count: 70_000))
        #expect(try WholeFile.readSecret(path("token"), limitBytes: 70_000).count == 70_000)
        #expect(throws: Transport.SystemError(call: "read", code: 27)) {
            try WholeFile.readSecret(path("token"), limitBytes: 69_999)
        }
        #expect(throws: Transport.SystemError.self) { try WholeFile.readSecret("/dev/zero", limitBytes: 4) }
        #expect(try WholeFile.readSecret("/proc/self/exe", limitBytes: 1 << 30).count > 4096)
    }

    @Test("directories are made as far as they are missing")
    func directories() throws {
        try WholeFile.makeDirectory(path("a/b/c"))
        try WholeFile.makeDirectory(path("a/b/c/d"))
        #expect(WholeFile.exists(path("a/b/c/d")))
        try directory.write("file", "")
        #expect(throws: Transport.SystemError.self) { try WholeFile.makeDirectory(path("file/x")) }
    }
}
