internal import Bytes

/// Makes text from a file fit to be shown.
enum Shown {
    /// `text` without control and direction characters, cut after 60 characters.
    static func short(_ text: String) -> String {
        var shown = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if index == 60 { return shown + "…" }
            shown.unicodeScalars.append(isHarmless(scalar) ? scalar : "\u{FFFD}")
        }
        return shown
    }

    /// True for what looks like a key of this language, or like one mistyped: no secret is so short and plain.
    static func isWord(_ text: String) -> Bool {
        text.utf8.count <= 32
            && text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D || $0 == 0x5F }
    }

    /// True for what looks like a URL with a user in it, whose password must not be shown.
    static func mayHoldPassword(_ text: String) -> Bool {
        // Few texts have the one, and it is found quicker.
        guard text.utf8.contains(UInt8(ascii: "@")), let mark = text.firstRange(of: "://") else { return false }
        return text[mark.upperBound...].contains("@")
    }

    /// False for what moves the cursor, changes colours or reverses the reading direction.
    static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value >= 0x20 && scalar.value != 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse, .surrogate: return false
        default: return true
        }
    }

    /// How many columns of a terminal it takes: 0, 1 or 2.
    static func width(_ scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x300: return 1
        // The blocks of wide East Asian characters and of pictographs (Unicode Standard Annex 11, W and F).
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
            return 2
        default:
            let category = scalar.properties.generalCategory
            return category == .nonspacingMark || category == .enclosingMark ? 0 : 1
        }
    }
}
