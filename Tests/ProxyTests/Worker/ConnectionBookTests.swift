import Testing
import Transport

@testable import Proxy

@Suite("Who may connect")
struct ConnectionBookTests {
    private let peer = SocketAddress.ipv4(0x7F00_0001, port: 1)

    /// Connects until there is no room; gives how many got in.
    private func fill(_ book: ConnectionBook, at bind: String, limit: Int = .max) -> Int {
        var count = 0
        while count < 10_000, book.hasRoom(at: bind, limit: limit) {
            _ = book.enter(peer, at: bind, limitPerHost: .max)
            count += 1
        }
        return count
    }

    @Test(
        "each client leaves a descriptor for its way to a resource, however few there are (LI-5)",
        arguments: [(64, 2, 20), (1024, 2, 500), (1024, 64, 376), (8, 2, 1), (.max, 2, 10_000)])
    func descriptors(limit: Int, workers: Int, room: Int) {
        #expect(fill(ConnectionBook(descriptors: limit, workers: workers), at: "a") == room)
    }

    @Test("that connections wait is told once a second, whoever asks")
    func telling() {
        let book = ConnectionBook()
        let times = [5_000_000_000, 5_000_000_000, 5_999_999_999, 6_000_000_000, 6_500_000_000, 9_000_000_000]
        let told = times.map { book.mayTell(at: MonotonicTime(nanoseconds: Int64($0))) }
        #expect(told == [true, false, false, true, false, true])
    }

    @Test("the process's limit counts all listeners together, a listener's only its own")
    func listeners() {
        let book = ConnectionBook(descriptors: 100)
        #expect(fill(book, at: "a", limit: 30) == 30)
        #expect(fill(book, at: "b") == 10)
        #expect(!book.hasRoom(at: "a", limit: 31))
        book.leave(peer, at: "b")
        #expect(book.hasRoom(at: "a", limit: 31) && !book.hasRoom(at: "a", limit: 30))
    }

    @Test("one address has its own limit, unix peers have none")
    func addresses() {
        let book = ConnectionBook()
        #expect(book.enter(peer, at: "a", limitPerHost: 1))
        #expect(!book.enter(.ipv4(0x7F00_0001, port: 2), at: "a", limitPerHost: 1))
        #expect(book.enter(.ipv4(0x7F00_0002, port: 1), at: "a", limitPerHost: 1))
        #expect(book.enter(.unix(""), at: "u", limitPerHost: 1) && book.enter(.unix(""), at: "u", limitPerHost: 1))
        book.leave(peer, at: "a")
        #expect(book.enter(peer, at: "a", limitPerHost: 1))
    }
}
