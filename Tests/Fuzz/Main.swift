/// The fuzzing program: its name is that of the target, its arguments are libFuzzer's.  `script/fuzz` builds it and
/// makes the links by which it is called (docs/testing.md).
///
/// It stands in the package only when `ACS_GATEWAY_FUZZ` names libFuzzer's archive, so that no other build needs one.
@main
struct Main {
    static func main() {
        // libFuzzer starts itself anew under the same name, so the name is what tells.
        let name = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            fatalError("`\(name)` is no target; there are: \(FuzzTarget.allCases.map(\.rawValue))")
        }
        Driver.run(target)
    }
}

/// What can be fuzzed.  Each takes any bytes; the first ones choose how the rest is used (``Script``).
enum FuzzTarget: String, CaseIterable {
    case requestParser = "request-parser"
    case responseParser = "response-parser"
    case chunkedDecoder = "chunked-decoder"
    case configuration
    case routing
    case connectionString = "connection-string"

    /// Tries one input; ends the process when a property does not hold.
    func tryOut(_ input: [UInt8]) {
        var script = Script(input)
        switch self {
        case .requestParser: RequestProperties.check(&script)
        case .responseParser: ResponseProperties.check(&script)
        case .chunkedDecoder: ChunkedProperties.check(&script)
        case .configuration: ConfigurationProperties.check(&script)
        case .routing: RoutingProperties.check(&script)
        case .connectionString: ConnectionStringProperties.check(&script)
        }
    }
}

/// An input: two bytes of choices, then what is to be read.
///
/// The choices are part of the input, so that the fuzzer finds out which of them matter.
struct Script {
    /// How to cut, which limits, which method: one bit or a few for each choice.
    let choices: UInt8
    /// Where to cut.
    private let place: UInt8
    /// What is read.
    let text: [UInt8]

    init(_ input: [UInt8]) {
        choices = input.first ?? 0
        place = input.count > 1 ? input[1] : 0
        text = Array(input.dropFirst(2))
    }

    /// The ends of the pieces in which the text arrives: two pieces, four, or all bytes one by one.
    var ends: [Int] {
        let count = text.count
        let first = min(count, Int(place))
        switch choices & 3 {
        case 0: return [min(count, Int(place) * 16), count]
        case 1: return [first, min(count, first + 1), min(count, first + 9), count]
        case 2: return [count - first, count]
        case _: return Array(stride(from: 0, through: count, by: 1))
        }
    }
}

/// Ends the process when `isTrue` is not; libFuzzer keeps the input.
@inline(__always)
func require(_ isTrue: Bool, _ property: @autoclosure () -> String, line: UInt = #line, file: StaticString = #file) {
    if !isTrue { fatalError("property broken: \(property())", file: file, line: line) }
}
