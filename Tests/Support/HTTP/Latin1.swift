extension String {
    /// Text with one character for each byte, so that nothing on the wire is lost or joined.
    public init(latin1 bytes: some Sequence<UInt8>) {
        self.init(decoding: bytes.map(UInt16.init), as: UTF16.self)
    }

    /// The bytes of a text whose characters all lie in U+0000–U+00FF; a higher one becomes `?`.
    public var latin1: [UInt8] { unicodeScalars.map { UInt8(exactly: $0.value) ?? 0x3F } }

    /// A–Z folded, all else as it is.
    public var asciiLowercased: String {
        String(latin1: latin1.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 })
    }
}
