/// Where metrics can be asked for.
public struct MetricsConfig: Equatable, Sendable {
    /// The address.
    public var bind: BindAddress
    /// Permission bits of a unix socket's file.
    public var mode: UInt16
    /// Where `bind` has its value.
    public var bindPlace: SourcePlace

    /// Reads the section `metrics`; `nil` without an address.
    init?(decoding fields: inout FieldReader) {
        let bind = fields.required("bind", example: "127.0.0.1:9464", BindAddress.parse)
        let mode = fields.optional("mode", FileMode.parse)
        _ = fields.optional("plaintext", Permission.parse)
        guard let bind else { return nil }
        self.bind = ListenerConfig.resolved(bind, &fields)
        self.mode = mode ?? 0o600
        bindPlace = fields.valuePlace(of: "bind")

        if case .tcp = bind, fields.has("mode") {
            fields.report(
                .listenerSetting, "`mode` is for unix sockets only", at: fields.place(of: "mode"),
                help: "leave it out, or bind to `unix:/PATH`")
        }
        if !bind.isLocal, !fields.seemsToHave("plaintext") {
            fields.report(
                .plaintextExposed, "everyone who reaches this machine may read `telemetry.metrics`", at: bindPlace,
                help: "bind to loopback or a unix socket, or say `plaintext: allow`: there is no password and no TLS")
        }
    }
}
