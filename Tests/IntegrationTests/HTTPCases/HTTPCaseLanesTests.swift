import Support
import Testing

/// The same cases where bytes take another way: they are many, so several gateways of a kind share them.
@Suite("The HTTP cases, over TLS and while bodies stream", .timeLimit(.minutes(Pace.minutes(5))))
struct HTTPCaseLanesTests {
    /// Gateways of each kind at once: most of a case is waiting.
    private static let lanes = 3

    /// The cases for `kind`, the rules' own spellings and tables too: all of them where bodies stream; with TLS on one
    /// side, those where that side misbehaves.
    private static func cases(_ kind: HTTPCaseBench.Kind) throws -> [HTTPCase] {
        let all = try HTTPCase.all() + RuleCases.byRule.values.joined() + HTTPCase.byRule().values.joined()
        guard kind != .streaming else { return all }
        return all.filter { ($0.up == nil) == (kind == .tlsListener) }
    }

    @Test(
        "each case has an allowed outcome, and nothing that may never happen",
        arguments: [HTTPCaseBench.Kind.streaming, .tlsListener, .tlsOrigin])
    func all(kind: HTTPCaseBench.Kind) async throws {
        let cases = try Self.cases(kind)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<Self.lanes {
                let bench = try HTTPCaseBench(kind)
                group.addTask {
                    let wrong = await Self.run(
                        stride(from: lane, to: cases.count, by: Self.lanes).map { cases[$0] }, bench)
                    for text in wrong { Issue.record("\(text)") }
                    try bench.finish()
                }
            }
            try await group.waitForAll()
        }
        print("HTTP cases over \(kind): \(cases.count) in \(ContinuousClock.now - start)")
    }

    /// Runs `cases` one after the other on a thread of their own, since each of them blocks it; gives what is wrong.
    private static func run(_ cases: [HTTPCase], _ bench: HTTPCaseBench) async -> [String] {
        await withCheckedContinuation { continuation in
            startThread {
                var wrong: [String] = []
                for httpCase in cases {
                    do {
                        let found = try bench.run(httpCase)
                        if !found.isEmpty { wrong.append(([httpCase.testDescription] + found).joined(separator: "\n")) }
                    } catch {
                        wrong.append("\(httpCase.testDescription): \(error)")
                    }
                }
                continuation.resume(returning: wrong)
            }
        }
    }
}
