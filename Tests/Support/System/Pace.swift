import Glibc

/// How slow this run is, as tests must know that set or bound times.
///
/// Under a sanitizer, or on a machine that others use, the program under test does everything later.  A test that waits
/// for something, lets a resource pause or gives the gateway a time limit stretches all of these times alike, so that
/// what it shows stays the same; what it demands of the result is never eased.
public enum Pace {
    /// By how much all times are stretched: 1 unless `ACS_GATEWAY_PACE` says otherwise (`script/test --sanitize`).
    public static let factor: Int = {
        guard let value = unsafe getenv("ACS_GATEWAY_PACE") else { return 1 }
        guard let factor = unsafe Int(String(cString: value)), (1...100).contains(factor) else {
            preconditionFailure("`ACS_GATEWAY_PACE` is a whole number from 1 to 100")
        }
        return factor
    }()

    /// So many seconds of a quick machine.
    public static func seconds(_ count: Int) -> Duration { .seconds(count) * factor }
    /// So many milliseconds of a quick machine.
    public static func milliseconds(_ count: Int) -> Duration { .milliseconds(count) * factor }
    /// So many minutes of a quick machine, as a limit for a test that may hang.
    public static func minutes(_ count: Int) -> Int { count * factor }

    /// `text` with each of its durations (`300ms`, `5s`) stretched.
    public static func stretched(_ text: String) -> String {
        var stretched = ""
        var digits = ""
        for (index, character) in zip(text.indices, text) {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            let isDuration = text[index...].hasPrefix("ms") || character == "s"
            stretched += isDuration ? Int(digits).map { String($0 * factor) } ?? digits : digits
            stretched.append(character)
            digits = ""
        }
        return stretched + digits
    }
}

extension Duration {
    /// As long as this is on a quick machine.
    public var paced: Duration { self * Pace.factor }
}
