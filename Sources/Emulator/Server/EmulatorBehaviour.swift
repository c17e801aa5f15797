/// How the emulated service behaves where that can be chosen; the defaults let everything succeed at once.
public struct EmulatorBehaviour: Sendable, Equatable {
    /// The host of absolute links when it is not the one that a request names: the service answers with a regional
    /// alias of the resource.  Links to it are always `https`.
    public var publicHost: String?
    /// The share of properly signed requests that are refused all the same, 0...1: half of it 401, half 500.
    public var rejectRate = 0.0
    /// How long each answer is held back.
    public var latency: Duration = .zero
    /// Properly signed requests answered within a minute of the clock; those beyond get 429.  `nil`: no limit.
    public var throttlePerMinute: Int?
    /// Polls of an e-mail's delivery that are answered `Running` before one is answered `Succeeded`.
    public var emailPolls = 2
    /// The `retry-after` of e-mails on their way, in seconds.
    public var emailRetryAfterSeconds = 1

    /// The defaults.
    public init() {}
}
