import Bytes
import Crypto
import Support
import Testing

@testable import Credentials

@Suite("JSON of token endpoints")
struct JSONParserTests {
    @Test(
        "what is JSON is read, and written the same",
        arguments: [
            ("{}", "{}"), ("[]", "[]"), (" [ 1 , 2 ] ", "[1,2]"), ("null", "null"), ("true", "true"),
            ("false", "false"), ("0", "0"), ("-0.5e+10", "-0.5e+10"), ("12E3", "12E3"), (#""""#, #""""#),
            (#"{"a":{"b":[{"c":null}]},"d":"e"}"#, #"{"a":{"b":[{"c":null}]},"d":"e"}"#),
            (#""\u0041\/\"\\\b\f\n\r\t""#, #""A/\"\\\u0008\u000c\u000a\u000d\u0009""#),
            (#""\ud83d\ude00 é""#, #""😀 é""#), ("\t{\r\n}\n", "{}"),
        ])
    func valid(text: String, expected: String) throws {
        let value = JSONParser.parse(text.utf8.span)
        #expect(try #require(value).written.withBytes { $0.text } == expected)
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", " ", "{", "}", "[1,]", "{,}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, #"{"a":1 "b":2}"#, #"{a:1}"#,
            "01", "-", "1.", ".5", "1e", "+1", "NaN", "tru", "nulls", "1 2", #""a"#, #""\x""#, #""\u12""#,
            #""\ud800""#, #""\ud800\u0041""#, #""\udc00""#, "\"\u{1}\"", "\"\n\"", "'a'", "[1", "[1}", "// a\n1",
            "\u{FEFF}{}", #"{"a":1,"a":2}"#, "{}{}",
        ])
    func invalid(text: String) {
        let isJSON = JSONParser.parse(text.utf8.span) != nil
        #expect(!isJSON)
    }

    @Test("each front of a text is refused, and so is one that is not UTF-8")
    func cut() {
        let text = Array(#"{"error":"invalid_client","error_codes":[7000215],"x":{"y":true}}"#.utf8)
        for count in 0..<text.count {
            let isJSON = JSONParser.parse(text.span.extracting(first: count)) != nil
            #expect(!isJSON)
        }
        let broken: [UInt8] = [0x22, 0xC3, 0x22]
        let isJSON = JSONParser.parse(broken.span) != nil
        #expect(!isJSON)
    }

    @Test("depth and members are bounded")
    func bounds() {
        func isJSON(_ text: String) -> Bool { JSONParser.parse(text.utf8.span) != nil }
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(isJSON(nested(16)) && !isJSON(nested(17)) && !isJSON(nested(30_000)))
        func object(_ count: Int) -> String { "{" + (0..<count).map { "\"\($0)\":1" }.joined(separator: ",") + "}" }
        #expect(isJSON(object(256)) && !isJSON(object(257)))
    }

    @Test(
        "whole numbers come as numbers and as text",
        arguments: [
            ("3599", 3599), (#""86399""#, 86_399), ("3599.9", 3599), ("3.599e3", 3599), ("-1", -1), (#""abc""#, nil),
            (#""""#, nil), ("1e15", nil), ("99999999999999999999", nil), ("true", nil), (#""nan""#, nil),
            (#""0x10""#, nil), (#"" 5""#, nil),
        ] as [(String, Int?)])
    func integers(text: String, expected: Int?) {
        let value = JSONParser.parse(text.utf8.span)?.integer
        #expect(value == expected)
    }
}
