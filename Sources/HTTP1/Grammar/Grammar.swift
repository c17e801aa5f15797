/// Which bytes may stand where.  Each is a switch over constants, which the compiler turns into a bit test.
enum Grammar {
    /// `tchar` of RFC 9110 §5.6.2.
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E: true  // ! # $ % & ' * + - .
        case 0x5E...0x60, 0x7C, 0x7E: true  // ^ _ ` | ~
        default: false
        }
    }

    /// What may stand raw in a path or a query (RFC 3986 §3.3, §3.4), `?` aside: `pchar`, `/`, and `%`, whose digits
    /// the reader of the path checks.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24...0x2F: true  // ! $ % & ' ( ) * + , - . /
        case 0x3A, 0x3B, 0x3D, 0x40, 0x5F, 0x7E: true  // : ; = @ _ ~
        default: false
        }
    }

    /// What may stand in a registered name (RFC 3986 §3.2.2) without `%`, comma and quotes (http rule HO-3).
    @inline(__always)
    static func isHostName(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24, 0x26, 0x28...0x2B, 0x2D, 0x2E: true  // ! $ & ( ) * + - .
        case 0x3B, 0x3D, 0x5F, 0x7E: true  // ; = _ ~
        default: false
        }
    }

    /// What may stand in a field value or a reason: all but control bytes; HTAB may (http rules HD-4, HD-5).
    @inline(__always)
    static func isText(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7F || byte == 0x09
    }
}
