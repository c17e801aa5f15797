import Support
import Testing
import Transport

@Suite("A log file")
struct LogFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/log" }

    init() throws { directory = try TemporaryDirectory() }

    private func text(_ path: String) throws -> String { String(decoding: try Files.bytes(at: path), as: UTF8.self) }

    @Test("blocks are appended in order, to a file for its owner and group")
    func order() throws {
        let log = try LogFile(.file(path))
        for number in 0..<1000 { log.write(Array("line \(number)\n".utf8)) }
        log.write([])
        log.flush(timeout: Pace.seconds(20))
        #expect(try text(path) == (0..<1000).map { "line \($0)\n" }.joined())
        #expect(log.droppedLines == 0)
        #expect(Files.mode(of: path).map { $0 & 0o027 == 0 } == true)
    }

    @Test("a file that is there is kept, and one that is reopened is another")
    func reopening() throws {
        try directory.write("log", "before\n")
        let log = try LogFile(.file(path))
        log.write(Array("old\n".utf8))
        log.flush(timeout: Pace.seconds(20))
        try directory.rename("log", to: "log.1")
        log.reopen()
        log.write(Array("new\n".utf8))
        log.flush(timeout: Pace.seconds(20))
        #expect(try text(path + ".1") == "before\nold\n")
        #expect(try text(path) == "new\n")
    }

    @Test("what a full disk does not take is counted by lines")
    func fullDisk() throws {
        let log = try LogFile(.file("/dev/full"))
        log.write(Array("one\ntwo\n".utf8))
        log.write(Array("three\n".utf8))
        log.flush(timeout: Pace.seconds(20))
        #expect(log.droppedLines == 3)
    }

    @Test("what does not fit into the queue is counted by lines")
    func fullQueue() throws {
        let log = try LogFile(.file(path))
        let line = [UInt8](repeating: 0x61, count: (16 << 20) - 1) + [0x0A]
        log.write(line + [0x0A])
        #expect(log.droppedLines == 2)
        log.write(line)
        log.flush(timeout: Pace.seconds(20))
        #expect(log.droppedLines == 2)
        #expect(try Files.bytes(at: path).count == 16 << 20)
    }

    @Test("a directory that is missing is an error at once")
    func missing() throws {
        let error = #expect(throws: Transport.SystemError.self) { try LogFile(.file(directory.path + "/no/log")) }
        #expect(error?.isNotFound == true)
    }
}
