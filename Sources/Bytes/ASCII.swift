/// Bytes as ASCII: HTTP compares names as bytes, never as Unicode (http rule GR-4).
public enum ASCII {
    /// HTAB, LF, CR, SP and the marks that our grammars use.
    public static let tab: UInt8 = 0x09
    /// Line feed.
    public static let lineFeed: UInt8 = 0x0A
    /// Carriage return.
    public static let carriageReturn: UInt8 = 0x0D
    /// Space.
    public static let space: UInt8 = 0x20

    /// `byte` with A–Z folded to a–z, all else as it is.
    @inlinable public static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 0x41 < 26 ? byte | 0x20 : byte
    }

    /// True for 0–9.
    @inlinable public static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

    /// True for A–Z and a–z.
    @inlinable public static func isLetter(_ byte: UInt8) -> Bool { (byte | 0x20) &- 0x61 < 26 }

    /// The value of a HEXDIG, or `nil`.
    @inlinable public static func hexValue(_ byte: UInt8) -> UInt8? {
        if byte &- 0x30 < 10 { return byte &- 0x30 }
        let letter = (byte | 0x20) &- 0x61
        return letter < 6 ? letter &+ 10 : nil
    }

    /// The lower-case digit for 0–15.
    @inlinable public static func lowerHexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? 0x30 &+ value : 0x57 &+ value
    }

    /// `bytes` without SP and HTAB at both ends.
    @inlinable
    @_lifetime(copy bytes)
    public static func trimmed(_ bytes: Span<UInt8>) -> Span<UInt8> {
        var start = 0
        var end = bytes.count
        while start < end, bytes[start] == space || bytes[start] == tab { start &+= 1 }
        while end > start, bytes[end &- 1] == space || bytes[end &- 1] == tab { end &-= 1 }
        return bytes.extracting(start..<end)
    }
}

extension Span where Element == UInt8 {
    /// Equal to `text`, byte for byte.
    @inlinable public func equals(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        // Safe: a static string's bytes are only read here.
        return text.withUTF8Buffer { expected in
            var index = 0
            while index < count {
                if unsafe self[index] != expected[index] { return false }
                index &+= 1
            }
            return true
        }
    }

    /// Equal to `lowercase` (which must be lower case) once A–Z are folded.
    @inlinable public func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        return lowercase.withUTF8Buffer { expected in
            var index = 0
            while index < count {
                if unsafe ASCII.lowercased(self[index]) != expected[index] { return false }
                index &+= 1
            }
            return true
        }
    }

    /// Equal to `other`, byte for byte.  Not for secrets: time tells (`Crypto.constantTimeEqual`).
    @inlinable public func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        var index = 0
        while index < count {
            if self[index] != other[index] { return false }
            index &+= 1
        }
        return true
    }

    /// A copy as text; bytes that are not UTF-8 become U+FFFD.  Not for a request's way.
    public var text: String {
        // Safe: the bytes are copied while the span is alive.
        unsafe withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// A copy.  Not for a request's way.
    public var array: [UInt8] {
        unsafe withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
