import Support

/// Everything that was seen of one case.
struct HTTPCaseObservation: Sendable {
    /// What came to the client, before the further good request.
    var answers: AnswerReader
    var clientBytes: [UInt8]
    /// The gateway ended the connection, or took no further request on it.
    var isClosed: Bool
    /// The requests at the origin, good ones aside.
    var requests: [Recorded]

    /// All that the origin got, one request after the other.
    var originText: String { requests.map { String(latin1: $0.raw) }.joined() }
}

extension HTTPCase.Outcome {
    /// How `seen` differs from this outcome; nothing when it is this one.
    ///
    /// Where bodies stream, the origin may have the start of a request whose body then turned out to be wrong: it does
    /// not count, as long as it never looks whole.  And an answer before the body's end may end the connection (BD-2).
    func differences(from seen: HTTPCaseObservation, isStreaming: Bool = false) -> [String] {
        var seen = seen
        if isStreaming, up == [0], seen.requests.count == 1 {
            seen.requests.removeAll { $0.request.map { !$0.body.isComplete } ?? false }
        }
        if isStreaming, conn?.words == ["open"], seen.requests.contains(where: { !$0.isComplete }) {
            seen.isClosed = false
        }
        return shapeDifferences(from: seen) + contentDifferences(from: seen)
    }

    private func shapeDifferences(from seen: HTTPCaseObservation) -> [String] {
        var found: [String] = []
        let finals = seen.answers.finals
        if let st, finals.count != st.count || zip(finals, st).contains(where: { !$1.contains($0.status) }) {
            found.append("statuses \(finals.map(\.status))")
        }
        let state = seen.isClosed ? "close" : "open"
        if let words = conn?.words, !words.contains("any"), !words.contains(state) { found.append("conn \(state)") }
        if let up, !up.contains(seen.requests.count) { found.append("up \(seen.requests.count)") }
        let whole = seen.requests.count(where: \.isComplete)
        if let done, !done.contains(whole) { found.append("done \(whole)") }
        let statuses = seen.answers.interims.map(\.status)
        if let interim, !interim.contains(statuses) { found.append("interim \(statuses)") }
        if let last = finals.last, last.isComplete != complete ?? true { found.append("complete \(last.isComplete)") }
        return found
    }

    private func contentDifferences(from seen: HTTPCaseObservation) -> [String] {
        let atClient = String(latin1: seen.clientBytes)
        var found = (upMatch ?? []).filter { !matches($0, seen.originText) }.map { "no up_match \($0)" }
        found += (upNot ?? []).filter { matches($0, seen.originText) }.map { "up_not \($0)" }
        found += (match ?? []).filter { !matches($0, atClient) }.map { "no match \($0)" }
        found += (not ?? []).filter { matches($0, atClient) }.map { "not \($0)" }
        if let ubody {
            let got = seen.requests.last(where: \.isComplete)?.request.map { String(latin1: $0.body.content) }
            if got != ubody { found.append("ubody \(got ?? "none")") }
        }
        if let body, seen.answers.finals.last?.text != body {
            found.append("body \(seen.answers.finals.last?.text ?? "none")")
        }
        return found
    }
}

/// The gateway's own credential, as it must stand in each request at the origin.
enum CredentialCheck: Sendable {
    /// A signature with this key.
    case key(AccessKeyCheck)
    /// This bearer token.
    case token(String)

    /// What is wrong with that of `request`; `nil` when nothing is.
    func problem(with request: StrictRequest) -> String? {
        switch self {
        case .key(let check): check.problem(with: request)
        case .token(let token):
            request.head.values("authorization") == ["Bearer \(token)"] ? nil : "another credential than the token"
        }
    }
}

/// What must hold after every case, whatever its outcome; gives the sentences that do not.
func brokenInvariants(
    of seen: HTTPCaseObservation, tokens: HTTPCaseTokens, credential: CredentialCheck, pathOracle: Bool
) -> [String] {
    var broken: [String] = []
    for record in seen.requests {
        let shown = String(latin1: record.raw.prefix(2000)).debugDescription
        if let problem = record.problem { broken.append("not strictly valid at the origin: \(problem): \(shown)") }
        if record.target.hasPrefix("/smu") { broken.append("a smuggled request: \(shown)") }
        if String(latin1: record.raw).contains(tokens.canary) { broken.append("the client's credential: \(shown)") }
        if let request = record.request, record.isComplete, let problem = credential.problem(with: request) {
            broken.append("\(problem): \(shown)")
        }
        if pathOracle, lenientReadings(of: record.target).contains(where: { liesUnder(tokens.denied, $0) }) {
            broken.append("a path that may be read as a denied one: \(record.target)")
        }
    }
    if let problem = seen.answers.problem { broken.append("a broken answer: \(problem)") }
    if !seen.answers.rest.isEmpty {
        broken.append("bytes outside an answer: \(String(latin1: seen.answers.rest.prefix(500)).debugDescription)")
    }
    return broken
}

/// Matched as the cases' format says: case-insensitive, multi-line, dot matches newline.
private func matches(_ pattern: String, _ text: String) -> Bool {
    guard let regex = try? Regex(pattern) else { return false }
    // By scalars: `\r` before `$` must match, and CR LF is one `Character`.
    let tuned = regex.ignoresCase().anchorsMatchLineEndings().dotMatchesNewlines()
    return text.firstMatch(of: tuned.matchingSemantics(.unicodeScalar)) != nil
}

// MARK: The path oracle

/// Every path that some lenient origin may read in `target`: decoded up to twice, without `;` parameters, with `\` as
/// `/`, dot segments resolved, slashes merged, case folded.
func lenientReadings(of target: String) -> Set<String> {
    var spellings: [[UInt8]] = [Array(target.latin1.prefix { $0 != 0x3F })]
    for _ in 0..<2 { spellings.append(percentDecoded(spellings[spellings.count - 1])) }
    var readings: Set<String> = []
    for spelling in spellings {
        for dropsParameters in [false, true] {
            for turnsBackslash in [false, true] {
                var text = String(latin1: spelling).asciiLowercased
                if turnsBackslash { text = String(text.map { $0 == "\\" ? "/" : $0 }) }
                readings.insert(resolved(text, dropsParameters: dropsParameters))
            }
        }
    }
    return readings
}

private func liesUnder(_ denied: String, _ path: String) -> Bool { path == denied || path.hasPrefix(denied + "/") }

private func percentDecoded(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes[...]
    while let byte = rest.popFirst() {
        let digits = rest.prefix(2)
        if byte == 0x25, digits.count == 2, let value = UInt8(String(latin1: digits), radix: 16) {
            result.append(value)
            rest = rest.dropFirst(2)
        } else {
            result.append(byte)
        }
    }
    return result
}

/// Dot segments resolved and empty segments dropped.
private func resolved(_ path: String, dropsParameters: Bool) -> String {
    var segments: [String] = []
    for raw in path.split(separator: "/") {
        let segment = dropsParameters ? String(raw.prefix { $0 != ";" }) : String(raw)
        switch segment {
        case ".", "": break
        case "..": _ = segments.popLast()
        default: segments.append(segment)
        }
    }
    return "/" + segments.joined(separator: "/")
}
