/// SHA-256 and HMAC, written out from FIPS 180-4 and RFC 2104.
///
/// The room `Crypto` is OpenSSL's; signatures are verified with another maker's arithmetic.
public enum ReferenceDigest {
    /// The SHA-256 digest of `message`: 32 bytes.
    public static func sha256(_ message: [UInt8]) -> [UInt8] {
        var state = initialState
        var schedule = [UInt32](repeating: 0, count: 64)
        var padded = message[(message.count & ~63)...] + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        for shift in stride(from: 56, through: 0, by: -8) {
            padded.append(UInt8(truncatingIfNeeded: UInt64(message.count * 8) >> UInt64(shift)))
        }
        for block in stride(from: 0, to: message.count & ~63, by: 64) {
            compress(message.span.extracting(block..<block + 64), &schedule, &state)
        }
        let tail = Array(padded)
        for block in stride(from: 0, to: tail.count, by: 64) {
            compress(tail.span.extracting(block..<block + 64), &schedule, &state)
        }
        return state.flatMap { word in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: word >> UInt32($0)) } }
    }

    /// HMAC-SHA256 of `message` under `key`.
    public static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        let short = key.count > 64 ? sha256(key) : key
        let block = short + [UInt8](repeating: 0, count: 64 - short.count)
        return sha256(block.map { $0 ^ 0x5C } + sha256(block.map { $0 ^ 0x36 } + message))
    }

    private static func compress(_ block: Span<UInt8>, _ schedule: inout [UInt32], _ state: inout [UInt32]) {
        for index in 0..<16 {
            let at = index * 4
            schedule[index] =
                UInt32(block[at]) << 24 | UInt32(block[at + 1]) << 16 | UInt32(block[at + 2]) << 8
                | UInt32(block[at + 3])
        }
        for index in 16..<64 {
            let (far, near) = (schedule[index - 15], schedule[index - 2])
            schedule[index] =
                schedule[index - 16] &+ (rotate(far, 7) ^ rotate(far, 18) ^ far >> 3)
                &+ schedule[index - 7] &+ (rotate(near, 17) ^ rotate(near, 19) ^ near >> 10)
        }
        var (a, b, c, d) = (state[0], state[1], state[2], state[3])
        var (e, f, g, h) = (state[4], state[5], state[6], state[7])
        for index in 0..<64 {
            let choice = (e & f) ^ (~e & g)
            let first =
                h &+ (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) &+ choice &+ constants[index] &+ schedule[index]
            let majority = (a & b) ^ (a & c) ^ (b & c)
            let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
            (h, g, f, e, d, c, b, a) = (g, f, e, d &+ first, c, b, a, first &+ second)
        }
        for (index, word) in [a, b, c, d, e, f, g, h].enumerated() { state[index] &+= word }
    }

    private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word &>> count | word &<< (32 - count) }

    private static let primes = (2...311).filter { number in !(2..<number).contains { number % $0 == 0 } }
    /// The first 32 bits of the fractional parts of the square roots of the first eight primes.
    private static let initialState = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
    /// The same of the cube roots of the first 64 primes.
    private static let constants = primes.map { fraction(cubeRoot(Double($0))) }

    private static func fraction(_ root: Double) -> UInt32 { UInt32((root - root.rounded(.down)) * 4_294_967_296) }

    private static func cubeRoot(_ number: Double) -> Double {
        var root = number / 3
        // Newton's steps settle to the last bit long before this.
        for _ in 0..<64 { root -= (root * root * root - number) / (3 * root * root) }
        return root
    }
}

/// Bytes as text, RFC 4648.
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// The standard alphabet, with padding.
    public static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let word = group.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - group.count))
            let digits = [18, 12, 6, 0].map { alphabet[Int(word >> UInt32($0)) & 63] }
            text += digits.prefix(group.count + 1) + [UInt8](repeating: 0x3D, count: 3 - group.count)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text in the standard alphabet with its padding; `nil` for any other.
    public static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.prefix { $0 != 0x3D }
        var (bits, word, bytes) = (0, UInt32(0), [UInt8]())
        for digit in digits {
            guard let value = alphabet.firstIndex(of: digit) else { return nil }
            (word, bits) = ((word << 6 | UInt32(value)) & 0xFFF_FFFF, bits + 6)
            guard bits >= 8 else { continue }
            bits -= 8
            bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
        }
        // The one spelling that encoding gives: right padding, no stray bits.
        return encode(bytes) == text ? bytes : nil
    }
}

/// Bytes as lower-case hexadecimal digits.
public func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
