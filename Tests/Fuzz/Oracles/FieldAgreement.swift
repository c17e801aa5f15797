import Bytes
import HTTP1

/// A parser's fields beside those of a plain reading.
enum FieldAgreement {
    /// Whose nominations by `Connection` are ignored.
    static let requestExempt = ["host", "content-length", "transfer-encoding", "content-type", "cache-control"]

    /// Lines, names, values, and which of them `Connection` names.
    static func check(_ model: HeadModel, _ plain: PlainHead, _ bytes: [UInt8], exempt: [String]) {
        require(model.fields.count == plain.fields.count, "as many fields as lines")
        let options = plain.connectionOptions.map(merged)
        for (line, field) in zip(model.fields, plain.fields) {
            require(bytes.piece(line.name) == field.name, "a field's name")
            require(bytes.piece(line.value) == field.value, "a field's value")
            let name = field.merged
            let isKeyword = name == Array("close".utf8) || name == Array("keep-alive".utf8)
            let isExempt = exempt.contains { Array($0.utf8) == name }
            if !isKeyword, !isExempt {
                require(line.isNominated == options.contains(name), "nominations (HP-2)")
            }
            require(!isExempt || !line.isNominated, "some nominations are ignored")
        }
    }

    /// Where the body ends by these values of `Content-Length` and `Transfer-Encoding`.
    static func framing(_ lengths: [[UInt8]], _ codings: [[UInt8]], else other: ResponseFraming) -> ResponseFraming {
        if let coding = codings.first {
            require(coding.map(lowercase) == Array("chunked".utf8), "the only coding (TE-2)")
            return .chunked
        }
        guard let length = lengths.first else { return other }
        require(length.allSatisfy { 0x30...0x39 ~= $0 }, "a length is digits (CL-1)")
        guard let count = Int(String(decoding: length, as: UTF8.self)) else {
            require(false, "a length fits a number (CL-1)")
            return other
        }
        return .length(count)
    }

    private static func merged(_ name: [UInt8]) -> [UInt8] {
        PlainHead.Field(name: name, value: []).merged
    }
}
