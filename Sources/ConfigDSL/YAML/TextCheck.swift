/// What a file must be before it can be YAML: UTF-8 text whose lines every program counts alike.
enum TextCheck {
    /// Throws the first thing that is wrong with the bytes.
    static func check(_ source: SourceText) throws(YAMLFailure) {
        let bytes = source.bytes
        try checkMark(bytes, source)
        for (offset, byte) in bytes.enumerated() {
            // Only control characters and what begins the UTF-8 form of U+0080–U+009F, U+2028, U+2029 and U+FEFF.
            guard byte < 0x20 || byte == 0x7F || byte == 0xC2 || byte == 0xE2 || byte == 0xEF else { continue }
            try check(bytes[offset...].prefix(3), at: offset, source)
        }
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw failure(
                .notUTF8, "the file is not UTF-8 text", at: error.byteOffsets.lowerBound, source,
                help: "save it as UTF-8; if it was one before, it is damaged here")
        }
    }

    private static func checkMark(_ bytes: [UInt8], _ source: SourceText) throws(YAMLFailure) {
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw YAMLFailure(
                Diagnostic(.byteOrderMark, "the file is UTF-16 text", at: .whole(source.file), help: "save it as UTF-8")
            )
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw failure(
                .byteOrderMark, "the file starts with a byte order mark", at: 0, source,
                help: "save it as UTF-8 without one")
        }
    }

    private static func check(_ bytes: ArraySlice<UInt8>, at offset: Int, _ source: SourceText) throws(YAMLFailure) {
        switch (bytes.first, Array(bytes.dropFirst())) {
        case (0x09, _), (0x0A, _): return
        case (0x0D, let rest):
            if rest.first == 0x0A { return }
            throw failure(
                .hiddenLineBreak, "a carriage return stands alone", at: offset, source,
                help: "lines end in LF, or in CR LF")
        case (0xC2, let rest):
            guard let second = rest.first, second < 0xA0 else { return }
            if second != 0x85 { throw control(UInt32(second), at: offset, source) }
            throw hidden("U+0085", at: offset, source)
        case (0xE2, [0x80, 0xA8]): throw hidden("U+2028", at: offset, source)
        case (0xE2, [0x80, 0xA9]): throw hidden("U+2029", at: offset, source)
        case (0xEF, [0xBB, 0xBF]):
            throw failure(
                .byteOrderMark, "a byte order mark stands in the middle of the file", at: offset, source,
                help: "two files were put together? take it out")
        case (0xEF, [0xBF, 0xBE]), (0xEF, [0xBF, 0xBF]): throw control(0xFFFE, at: offset, source)
        case (0xE2, _), (0xEF, _), (nil, _): return
        case (let byte?, _): throw control(UInt32(byte), at: offset, source)
        }
    }

    /// YAML 1.1 ends a line there, YAML 1.2 and editors do not.
    private static func hidden(_ name: String, at offset: Int, _ source: SourceText) -> YAMLFailure {
        failure(
            .hiddenLineBreak, "the invisible line break \(name) stands here", at: offset, source,
            help: "take it out; in quotes write it as an escape")
    }

    private static func control(_ value: UInt32, at offset: Int, _ source: SourceText) -> YAMLFailure {
        let digits = String(value, radix: 16, uppercase: true)
        let name = "U+" + String(repeating: "0", count: 4 - digits.count) + digits
        return failure(
            .controlCharacter, "the control character \(name) stands here", at: offset, source,
            help: "the file is not text, or it is damaged")
    }

    private static func failure(
        _ id: DiagnosticID, _ message: String, at offset: Int, _ source: SourceText, help: String
    ) -> YAMLFailure {
        YAMLFailure(Diagnostic(id, message, at: source.place(ofByte: offset), help: help))
    }
}
