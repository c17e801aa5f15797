import Bytes
import Support
import Testing

@testable import Proxy

@Suite("The one form of a path that routes are matched against")
struct RequestPathTests {
    @Test("spelling makes no difference (PA-2a, PA-3, PA-4)", arguments: PathVectors.accepted)
    func accepted(path: String, canonical: String) {
        #expect(PathReading(path) == .canonical(canonical))
    }

    @Test("what two readers could take differently is refused (PA-2, PA-6)", arguments: PathVectors.refused)
    func refused(error: PathError, paths: [String]) {
        for path in paths {
            #expect(PathReading(path) == .refused(error), "\(path)")
            // Wherever it stands, and whatever is in front.
            #expect(PathReading("/sms" + path) == .refused(error), "/sms\(path)")
            #expect(PathReading(path + "/sms") == .refused(error), "\(path)/sms")
        }
    }

    @Test("each byte is allowed raw, or refused for what it is")
    func rawBytes() {
        for byte in UInt8(0x21)...0x7E {
            let character = Character(Unicode.Scalar(byte))
            switch character {
            case "/", "%": continue
            case ";": #expect(PathReading("/a;") == .refused(.parameters))
            case "\\": #expect(PathReading("/a\\") == .refused(.separator))
            case _: #expect(PathReading("/a\(character)") == .canonical("/a\(character.lowercased())"))
            }
        }
    }

    @Test("an absolute target without a path is the root")
    func empty() {
        #expect(PathReading("") == .canonical("/"))
    }

    @Test(
        "the raw path is known up to the end of each segment, for `strip_prefix`",
        arguments: [
            ("", [0]), ("/", [0]), ("//", [0]), ("/eu", [0, 3]), ("/eu/", [0, 3]), ("//EU//sms", [0, 4, 9]),
            ("/%65u/%73ms/", [0, 5, 11]), ("/a/b//c", [0, 2, 4, 7]),
        ])
    func rawEnds(path: String, ends: [Int]) throws {
        var reader = RequestPath()
        try reader.read(Array(path.utf8).span)
        #expect(reader.boundaries.map(\.rawEnd) == ends)
        #expect(reader.segmentCount == ends.count - 1)
    }

    @Test("each segment's end has the text and the hash of all up to it")
    func boundaries() throws {
        var reader = RequestPath()
        try reader.read(Array("/A//b%63/d/".utf8).span)
        let texts = ["", "/a", "/a/bc", "/a/bc/d"]
        #expect(reader.boundaries.map(\.end) == texts.map(\.utf8.count))
        for (boundary, text) in zip(reader.boundaries, texts) {
            var hash = PathHash()
            for byte in text.utf8 { hash.combine(byte) }
            #expect(boundary.hash == hash)
        }
        #expect(reader.hash == reader.boundaries.last?.hash)
    }

    @Test("ends are kept for as many segments as a configured prefix may have, text for all")
    func depth() throws {
        let path = String(repeating: "/a", count: RequestPath.depthLimit + 10)
        var reader = RequestPath()
        try reader.read(Array(path.utf8).span)
        #expect(reader.boundaries.count == RequestPath.depthLimit + 1)
        #expect(reader.segmentCount == RequestPath.depthLimit + 10)
        let text = reader.text.span.text
        #expect(text == path)
    }

    @Test("a reader forgets the path before, also one that was refused")
    func reuse() throws {
        var reader = RequestPath()
        try reader.read(Array("/a/b/c".utf8).span)
        #expect(throws: PathError.dotSegment) { try reader.read(Array("/x/..".utf8).span) }
        try reader.read(Array("/d".utf8).span)
        let text = reader.text.span.text
        #expect(text == "/d")
        #expect(reader.boundaries.count == 2 && reader.segmentCount == 1)
    }

    @Test("each refusal has a sentence of its own")
    func sentences() {
        let errors: [PathError] = [
            .dotSegment, .separator, .control, .escape, .doubleEncoding, .encoding, .parameters,
        ]
        #expect(Set(errors.map(\.sentence.description)).count == errors.count)
    }
}
