internal import Crypto

/// What the emulator received, for tests to look at: bounded, the oldest entries make room.
struct RequestJournal {
    /// Requests kept.
    static let entryLimit = 4096
    /// Bytes of targets, names and values kept; heads of 64 KiB are legal, and thousands of them would add up.
    static let textLimitBytes = 8 * 1024 * 1024

    /// One request with what became of it.
    struct Entry: Codable, Equatable {
        /// 1 for the first since the start or since the journal was emptied.
        var number: Int
        /// ISO 8601.
        var receivedAt: String
        var method: String
        var target: String
        var fields: [EmulatedField]
        var body: Body
        var credential: Credential
        /// Fields, in lower case, that a gateway ought to have removed.
        var leftovers: [String]
        /// The status that was answered.
        var status: Int
    }

    /// The content's size and digest; the content itself is not kept.
    struct Body: Codable, Equatable {
        var bytes: Int
        /// In hexadecimal.
        var sha256: String
    }

    /// What the check of the credential gave.
    struct Credential: Codable, Equatable {
        /// `signed`, `application`, `user` or `refused`.
        var verdict: String
        /// The number of the key that signed.
        var key: Int?
        /// Why it was refused.
        var reason: String?
        /// The client id of the application whose token it was, and which of all tokens.
        var application: String?
        var token: Int?
        /// The user whose token it was.
        var user: String?

        init(_ outcome: Result<Caller, CredentialFault>) {
            switch outcome {
            case .success(.resource(let signature)): (verdict, key) = ("signed", signature.keyNumber)
            case .success(.application(let verified)):
                (verdict, application, token) = ("application", verified.id, verified.tokenSerial)
            case .success(.user(let verified)): (verdict, user) = ("user", verified.id)
            case .failure(let fault): (verdict, reason) = ("refused", fault.reason)
            }
        }
    }

    /// The whole journal as its reader gets it.
    struct Page: Codable, Equatable {
        /// Entries that had to make room.
        var dropped: Int
        /// Messages that were refused as HTTP, and so are no entries.
        var malformed: Int
        /// The oldest first.
        var requests: [Entry]
    }

    private var entries: [(entry: Entry, size: Int)] = []
    /// The first of `entries` that still counts.
    private var oldest = 0
    private var size = 0
    private var dropped = 0
    private var malformed = 0

    /// Notes a request that was answered with `status`.
    mutating func record(_ request: EmulatedRequest, _ credential: Result<Caller, CredentialFault>, status: Int) {
        let entry = Entry(
            number: dropped + entries.count - oldest + 1,
            receivedAt: ServiceTime(secondsSince1970: request.receivedAtSeconds).iso8601,
            method: request.method, target: request.target, fields: request.fields,
            body: Body(bytes: request.body.count, sha256: SHA256.digest(of: request.body.span).hex),
            credential: Credential(credential), leftovers: request.leftovers, status: status)
        let textBytes = request.fields.reduce(request.target.utf8.count) { total, field in
            total + field.name.utf8.count + field.value.utf8.count
        }
        entries.append((entry, textBytes))
        size += textBytes
        makeRoom()
    }

    /// Counts a message that was no request.
    mutating func countMalformed() { malformed += 1 }

    /// Everything noted and not dropped.
    var page: Page { Page(dropped: dropped, malformed: malformed, requests: entries[oldest...].map(\.entry)) }

    /// Forgets everything, and counts from 1 again.
    mutating func clear() { self = RequestJournal() }

    private mutating func makeRoom() {
        while entries.count - oldest > Self.entryLimit || size > Self.textLimitBytes {
            size -= entries[oldest].size
            oldest += 1
            dropped += 1
        }
        guard oldest > Self.entryLimit else { return }
        entries.removeFirst(oldest)
        oldest = 0
    }
}
