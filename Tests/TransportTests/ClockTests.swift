import Testing
import Transport

@Suite("Points on the clock")
struct ClockTests {
    @Test(
        "a duration that no number of nanoseconds holds becomes the longest",
        arguments: [
            (.zero, 0), (.milliseconds(1500), 1_500_000_000), (.milliseconds(-1500), -1_500_000_000),
            (.nanoseconds(Int64.max), .max), (.nanoseconds(Int64.min), .min),
            (.nanoseconds(Int64.max) + .nanoseconds(1), .max), (.nanoseconds(Int64.min) - .nanoseconds(1), .min),
            (.seconds(Int64.max / 1_000_000_000 + 1), .max), (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func wholeNanoseconds(duration: Duration, expected: Int64) {
        #expect(duration.wholeNanoseconds == expected)
    }

    @Test("a deadline beyond the clock's end is its end")
    func saturation() {
        #expect(MonotonicTime(nanoseconds: 5).advanced(by: .max) == .distantFuture)
        #expect(MonotonicTime(nanoseconds: 5).advanced(by: 7).since(MonotonicTime(nanoseconds: 2)) == 10)
    }
}
