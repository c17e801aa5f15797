import Testing
import Transport

@testable import Proxy

@Suite("Who may connect")
struct ConnectionBookTests {
    private let peer = SocketAddress.ipv4(0x7F00_0001, port: 1)

    /// Connects until there is no room; gives how many got in.
    private func fill(_ book: ConnectionBook, at page: ConnectionBook.Page, limit: Int = .max) -> Int {
        var count = 0
        while count < 10_000, book.hasRoom(at: page, limit: limit) {
            _ = book.enter(peer, at: page, limitPerHost: .max)
            count += 1
        }
        return count
    }

    @Test(
        "each client leaves a descriptor for its way to a resource, however few there are (LI-5)",
        arguments: [(64, 2, 20), (1024, 2, 500), (1024, 64, 376), (8, 2, 1), (.max, 2, 10_000)])
    func descriptors(limit: Int, workers: Int, room: Int) {
        let book = ConnectionBook(descriptors: limit, workers: workers)
        #expect(fill(book, at: book.page(of: "a")) == room)
    }

    @Test("that connections wait is told once a second, whoever asks")
    func telling() {
        let book = ConnectionBook()
        let times = [5_000_000_000, 5_000_000_000, 5_999_999_999, 6_000_000_000, 6_500_000_000, 9_000_000_000]
        let told = times.map { book.mayTell(of: .clients, at: MonotonicTime(nanoseconds: Int64($0))) }
        #expect(told == [true, false, false, true, false, true])
    }

    @Test("the process's limit counts all listeners together, a listener's only its own")
    func listeners() {
        let book = ConnectionBook(descriptors: 100)
        let (first, second) = (book.page(of: "a"), book.page(of: "b"))
        #expect(fill(book, at: first, limit: 30) == 30)
        #expect(fill(book, at: second) == 10)
        #expect(!book.hasRoom(at: first, limit: 31))
        book.leave(peer, at: second)
        #expect(book.hasRoom(at: first, limit: 31) && !book.hasRoom(at: first, limit: 30))
    }

    @Test("all workers of a listener share its page, as long as one of them has it")
    func pages() {
        let book = ConnectionBook()
        var kept: ConnectionBook.Page? = book.page(of: "a")
        #expect(fill(book, at: book.page(of: "a"), limit: 3) == 3)
        _ = book.page(of: "b")
        #expect(book.page(of: "a") === kept && !book.hasRoom(at: book.page(of: "a"), limit: 3))
        kept = nil
        _ = book.page(of: "c")
        #expect(book.hasRoom(at: book.page(of: "a"), limit: 3))
    }

    @Test("one address has its own limit, unix peers have none")
    func addresses() {
        let book = ConnectionBook()
        let (tcp, unix) = (book.page(of: "a"), book.page(of: "u"))
        #expect(book.enter(peer, at: tcp, limitPerHost: 1))
        #expect(!book.enter(.ipv4(0x7F00_0001, port: 2), at: tcp, limitPerHost: 1))
        #expect(book.enter(.ipv4(0x7F00_0002, port: 1), at: tcp, limitPerHost: 1))
        #expect(book.enter(.unix(""), at: unix, limitPerHost: 1) && book.enter(.unix(""), at: unix, limitPerHost: 1))
        book.leave(peer, at: tcp)
        #expect(book.enter(peer, at: tcp, limitPerHost: 1))
    }
}
