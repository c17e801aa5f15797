import Testing

@testable import ConfigDSL

@Suite("Reading the keys of a mapping")
struct FieldReaderTests {
    /// What was said when `body` read `yaml` as `thing`.
    private func read(_ yaml: String, _ body: (inout FieldReader) -> Void) throws -> [Diagnostic] {
        var diagnostics = Diagnostics()
        let source = SourceText(file: "x.yaml", bytes: Array(yaml.utf8))
        let node = try YAMLDocument.parse(source, into: &diagnostics)
        let context = ReadingContext(environment: .fixed(files: [:]), directory: "", allowsInlineSecrets: false)
        FieldReader.read(node, of: "thing", context: context, into: &diagnostics) { body(&$0) }
        return diagnostics.sorted
    }

    @Test("all mistakes are told, not only the first")
    func all() throws {
        let said = try read("{ a: x, b: y, d: 1 }") { fields in
            let a = fields.required("a", Int.parse(within: 1...9))
            let b = fields.optional("b", default: 7, Int.parse(within: 1...9))
            let c: String? = fields.required("c", String.parse)
            #expect((a, b, c) == (nil, 7, nil))
        }
        #expect(Set(said.map(\.id)) == [.missingKey, .badForm, .unknownKey])
        #expect(
            said.map(\.message) == [
                "thing has no `c`", "`a` is not a whole number", "`b` is not a whole number",
                "unknown key `d` in thing",
            ])
    }

    @Test("a mistyped key is told once, not also as a missing one")
    func mistyped() throws {
        let said = try read("{ nmae: x }") { fields in _ = fields.required("name", String.parse) }
        #expect(said.map(\.message) == ["unknown key `nmae` in thing"])
        #expect(said.map(\.help) == ["did you mean `name`?"])
    }

    @Test("exactly one of several keys")
    func exactlyOne() throws {
        let one = try read("{ a: 1 }") { #expect($0.exactlyOne(of: ["a", "b"]) == "a") }
        #expect(one.isEmpty)
        let none = try read("{}") { #expect($0.exactlyOne(of: ["a", "b"]) == nil) }
        #expect(none.map(\.message) == ["thing has none of `a`, `b`"])
        let both = try read("{ a: 1, b: 2 }") { #expect($0.exactlyOne(of: ["a", "b"]) == nil) }
        #expect(both.map(\.message) == ["thing has `b` besides `a`"])
        #expect(both.map(\.place.column) == [9])
        #expect(try read("{ bb: 1 }") { _ = $0.exactlyOne(of: ["aa", "bbb"]) }.map(\.id) == [.unknownKey])
    }

    @Test("lists have bounds, and each of their items is judged")
    func lists() throws {
        let said = try read("{ a: [1, x, 3, y], b: [], c: [1, 2, 3], d: 4 }") { fields in
            #expect(fields.requiredList("a", Int.parse(within: 1...9)) == nil)
            #expect(fields.optionalList("b", Int.parse(within: 1...9)) == nil)
            #expect(fields.optionalList("c", count: 1...2, Int.parse(within: 1...9)) == nil)
            #expect(fields.optionalList("d", Int.parse(within: 1...9)) == nil)
            #expect(fields.optionalList("e", Int.parse(within: 1...9)) == nil)
        }
        #expect(
            said.map(\.message) == [
                "an item of `a` is not a whole number", "an item of `a` is not a whole number", "`b` has 0 items",
                "`c` has 3 items", "`d` is text, not a list",
            ])
        #expect(try read("[1]") { _ in }.map(\.message) == ["thing is a list, not a mapping of keys and values"])
    }

    @Test("sections are named with what they belong to")
    func sections() throws {
        let said = try read("{ tls: { kye: 1 } }") { fields in
            fields.requiredSection("tls") { tls -> Void? in
                _ = tls.optional("key", String.parse)
                return nil
            }
        }
        #expect(said.map(\.message) == ["unknown key `kye` in `tls` of thing"])
    }

    @Test("a refused value takes the parser's number, words and help")
    func parserErrors() throws {
        let said = try read("{ a: 1, b: 2 }") { fields in
            _ = fields.required("a") { _ throws(ValueError) -> Int in
                throw ValueError(.badForm, "is odd", help: "make it even")
            }
            _ = fields.required("b") { scalar throws(ValueError) -> Int in
                throw .sentence(.badForm, "nobody likes `\(scalar.shown)`")
            }
        }
        #expect(said.map(\.message) == ["`a` is odd", "nobody likes `2`"])
        #expect(said.map(\.help) == ["make it even", nil])
    }

    @Test("what a parser may show is what the file says")
    func shown() throws {
        let long = String(repeating: "x", count: 1000)
        _ = try read("{ a: \"\\e[31m\(long)\" }") { fields in
            _ = fields.required("a") { scalar throws(ValueError) -> Int in
                #expect(scalar.shown == "\u{FFFD}[31m" + String(repeating: "x", count: 55) + "…")
                return 1
            }
        }
    }

    @Test(
        "what plain text is read as",
        arguments: [
            ("true", true, nil), ("false", false, nil), ("yes", nil, "did you mean `true`?"),
            ("Off", nil, "did you mean `false`?"), ("TRUE", nil, "did you mean `true`?"), ("maybe", nil, nil),
            ("\"true\"", nil, "did you mean `true`?"), ("1", nil, "did you mean `true`?"),
        ] as [(String, Bool?, String?)])
    func booleans(text: String, value: Bool?, help: String?) throws {
        let said = try read("a: \(text)") { #expect($0.required("a", Bool.parse) == value) }
        #expect(said.map(\.help) == (value == nil ? [help] : []))
    }

    @Test(
        "numbers with leading zeros, unless they are quoted",
        arguments: [
            ("0", true), ("00", false), ("07", false), ("-07", false), ("+07", false), ("0_7", false), ("0o17", false),
            ("'07'", true), ("0.5", true), ("0x1F", true), ("07a", true), ("0o", true), ("7", true), ("07:30", true),
        ])
    func leadingZeros(text: String, isText: Bool) throws {
        let said = try read("a: \(text)") { _ = $0.required("a", String.parse) }
        #expect(said.map(\.id) == (isText ? [] : [.leadingZero]))
    }

    @Test("nothing is no value", arguments: ["", "~", "null", "Null", "NULL"])
    func nulls(text: String) throws {
        let said = try read("a: \(text)") { _ = $0.required("a", String.parseFreeText) }
        #expect(said.map(\.id) == [.noValue])
        #expect(try read("a: '\(text)'") { _ = $0.required("a", String.parseFreeText) }.isEmpty)
    }
}
