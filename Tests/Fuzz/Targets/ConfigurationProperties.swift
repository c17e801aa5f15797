import ConfigDSL
import Credentials

/// A whole configuration file, with variables and files that are given.
///
/// - There is a configuration or an error, never both, never neither.
/// - A finding lies in the file, on a line and a column that exist.
/// - What is shown holds no control character, and no value that came from a variable or a file.
/// - A second load says the same.
enum ConfigurationProperties {
    /// What each value from outside looks like.
    private static let mark = "VALUE-FROM-OUTSIDE"
    private static let key = "VkFMVUUtRlJPTS1PVVRTSURF"
    private static let file = "gateway.yaml"

    static func check(_ script: inout Script) {
        let text = script.text
        let result = load(text)
        require((result.config == nil) == result.diagnostics.hasErrors, "a configuration or an error")
        let findings = result.diagnostics.sorted
        let widths = text.split(separator: 0x0A, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self).unicodeScalars.count
        }
        for finding in findings { checkPlace(finding.place, widths) }
        // Showing what was found costs as much as finding it: not every input does, nor loads again.
        if script.choices & 1 == 0 { checkShown(result.diagnostics.jsonLines, text) }
        if script.choices & 2 == 0 {
            let shown = result.diagnostics.text
            checkShown(shown, text)
            require(shown.isEmpty == result.diagnostics.isEmpty, "something is shown when something was found")
            if script.choices & 5 == 0 {
                let again = load(text)
                require(again.diagnostics.text == shown && again.sha256 == result.sha256, "a second load says the same")
            }
        }
    }

    private static func load(_ text: [UInt8]) -> LoadResult {
        let environment = LoadEnvironment.fixed(
            files: [
                file: text, "key": Array(key.utf8), "secret": Array(mark.utf8), "open": Array(mark.utf8),
                "a.pem": Array(mark.utf8), "empty": [], "binary": [0, 0xFF],
            ],
            variables: ["V": mark, "KEY": key, "N": "8080", "EMPTY": ""], readableByOthers: ["open"])
        var result = ConfigLoader.load(file: file, environment: environment)
        _ = StandardStrategies.decode(result.draft, into: &result.diagnostics)
        return result
    }

    /// - Parameter widths: the scalars of each line.
    private static func checkPlace(_ place: SourcePlace, _ widths: [Int]) {
        guard place.line > 0 else {
            return require(place == .whole(file), "the file as a whole has no line")
        }
        require(place.file == file, "the only file")
        require(place.line <= widths.count, "line \(place.line) of \(widths.count)")
        let width = widths[min(place.line, widths.count) - 1]
        // One past the end is where something is missing.
        require((1...width + 1).contains(place.column), "column \(place.column) of \(width) in line \(place.line)")
        require(place.length >= 0 && place.column + place.length <= width + 2, "\(place) goes past its line")
    }

    private static func checkShown(_ shown: String, _ text: [UInt8]) {
        let shown = Array(shown.utf8)
        // All but 0x20 to 0x7E: most bytes cost one comparison, each of which the fuzzer traces.
        for (index, byte) in shown.enumerated() where byte &- 0x20 >= 0x5F {
            // U+0080 to U+009F are C2 80 to C2 9F in UTF-8.
            let isControl =
                byte < 0x20 && byte != 0x0A || byte == 0x7F
                || byte == 0xC2 && index + 1 < shown.count && shown[index + 1] < 0xA0
            require(!isControl, "no control character is shown")
        }
        for secret in secrets where holds(shown, secret) {
            require(holds(text, secret), "nothing from outside is shown")
        }
    }

    private static let secrets = [mark, key].map { Array($0.utf8)[...] }
}
