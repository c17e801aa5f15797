public import Bytes

/// Finds a body's bytes among the bytes of its message, and where the message ends.
///
///     length ─────────────────────(0 left)─▶ complete
///     chunkLine ─size▶ chunk ─(0 left)▶ chunkEnd ─CR▶ chunkLineFeed ─LF▶ chunkLine
///         └─size 0▶ trailer ─▶ complete
///     untilClose ──endOfStream()──▶ complete
///
/// Sans-IO: the caller hands over what it received and learns which part is data.  Nothing is kept or copied, so all
/// that was consumed may be dropped.  After an error no byte is interpreted again: each further call throws it again.
public struct BodyDecoder: ~Copyable {
    /// What comes next in a body.
    public enum Event: Equatable, Sendable {
        /// Bytes of the body: where they stand in the span given; never empty.
        case data(ByteRange)
        /// Everything given was consumed, and the body goes on.
        case needMore
        /// The body has ended; the bytes from `offset` on belong to what follows.
        case complete
    }

    /// Most bytes of extensions in one body (http rule CK-4).
    public static let extensionLimitBytes = 16 * 1024

    private enum Place: UInt8 {
        case complete, length, untilClose, chunkLine, chunk, chunkEnd, chunkLineFeed, trailer, failed
    }

    private var place = Place.complete
    private var isAnswer = false
    private var limits = HeadLimits()
    private var line = ChunkLine()
    private var trailer = TrailerSection(limits: HeadLimits())
    private var extensionBytes = 0
    private var failure = Rule.chunkSizeSyntax
    /// Bytes still to come: of the body if its length is known, else of the current chunk.
    public private(set) var remaining = 0
    /// Bytes consumed that were not data: size lines, line ends and trailers.  Many tiny chunks are legal, so whoever
    /// limits a body counts these too (CK-4).
    public private(set) var overheadBytes = 0

    /// A decoder of an empty body.
    public init() {}

    /// The whole body has been consumed.
    public var isComplete: Bool { place == .complete }

    /// Begins a request's body.  `limits` bound the trailer section.
    public mutating func begin(_ framing: RequestFraming, limits: HeadLimits) {
        start(limits, isAnswer: false)
        switch framing {
        case .none: break
        case .length(let count): begin(length: count)
        case .chunked: place = .chunkLine
        }
    }

    /// Begins an answer's body; its errors have the status 502.  `limits` bound the trailer section.
    public mutating func begin(_ framing: ResponseFraming, limits: HeadLimits) {
        start(limits, isAnswer: true)
        switch framing {
        case .none: break
        case .length(let count): begin(length: count)
        case .chunked: place = .chunkLine
        case .untilClose: place = .untilClose
        }
    }

    private mutating func start(_ limits: HeadLimits, isAnswer: Bool) {
        self.limits = limits
        self.isAnswer = isAnswer
        (place, line, remaining, overheadBytes, extensionBytes) = (.complete, ChunkLine(), 0, 0, 0)
    }

    private mutating func begin(length: Int) {
        remaining = length
        if length > 0 { place = .length }
    }

    /// The next part of the body in `bytes` from `offset` on, which is advanced over what was consumed.
    public mutating func next(_ bytes: Span<UInt8>, at offset: inout Int) throws(ParseError) -> Event {
        do throws(Rule) {
            return try advance(bytes, &offset)
        } catch {
            (place, failure) = (.failed, error)
            throw isAnswer ? ParseError(answer: error) : ParseError(request: error)
        }
    }

    /// The peer closed: true if the body is whole.  If not, the message was cut (http rules BD-1, UP-7).
    public mutating func endOfStream() -> Bool {
        if place == .untilClose { place = .complete }
        return place == .complete
    }

    private mutating func advance(_ bytes: Span<UInt8>, _ offset: inout Int) throws(Rule) -> Event {
        while true {
            switch place {
            case .complete: return .complete
            case .failed: throw failure
            case .untilClose:
                guard offset < bytes.count else { return .needMore }
                return take(bytes.count &- offset, at: &offset)
            case .length, .chunk:
                guard offset < bytes.count else { return .needMore }
                let count = min(remaining, bytes.count &- offset)
                remaining &-= count
                if remaining == 0 { place = place == .chunk ? .chunkEnd : .complete }
                return take(count, at: &offset)
            case .chunkLine, .chunkEnd, .chunkLineFeed, .trailer:
                let start = offset
                let isDone = try advanceFraming(bytes, &offset)
                overheadBytes &+= offset &- start
                if !isDone { return .needMore }
            }
        }
    }

    /// One step through what is not data; false when it needs more.
    private mutating func advanceFraming(_ bytes: Span<UInt8>, _ offset: inout Int) throws(Rule) -> Bool {
        guard offset < bytes.count else { return false }
        switch place {
        case .chunkLine:
            guard let size = try line.read(bytes, at: &offset) else { return false }
            extensionBytes &+= line.extensionBytes
            guard extensionBytes <= Self.extensionLimitBytes else { throw .chunkExtensionsTooLong }
            line = ChunkLine()
            remaining = size
            place = size > 0 ? .chunk : .trailer
            if size == 0 { trailer = TrailerSection(limits: limits) }
        case .chunkEnd:
            guard bytes[offset] == 0x0D else { throw .chunkLineEnd }
            offset &+= 1
            place = .chunkLineFeed
        case .chunkLineFeed:
            guard bytes[offset] == 0x0A else { throw .chunkLineEnd }
            offset &+= 1
            place = .chunkLine
        case .trailer:
            guard try trailer.read(bytes, at: &offset) else { return false }
            place = .complete
        case .complete, .length, .untilClose, .chunk, .failed:
            preconditionFailure("not between data: \(place)")
        }
        return true
    }

    private func take(_ count: Int, at offset: inout Int) -> Event {
        let start = offset
        offset &+= count
        return .data(ByteRange(start: start, end: offset))
    }
}
