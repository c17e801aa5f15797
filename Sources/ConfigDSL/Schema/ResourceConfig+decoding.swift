internal import Bytes

extension ResourceConfig {
    /// Reads one resource; `nil` without an endpoint.
    init?(_ name: String, decoding fields: inout FieldReader, names: Names) {
        let endpoint = fields.required("endpoint", example: "https://NAME.communication.azure.com", Endpoint.parse)
        credential = fields.optional("credential", names.credentials.parse)
        _ = fields.optional("plaintext", Permission.parse)
        tls = fields.section("tls") { ResourceTLSConfig(decoding: &$0) }
        forwardFields = fields.optionalList("forward_fields", ForwardField.parse) ?? []
        let connections = fields.section("connections") { section in
            (
                max: section.optional("idle_max", default: Self.defaultIdleMax, Int.parse(within: 0...100_000)),
                timeout: section.optional("idle_timeout", default: Self.defaultIdleTimeout, Duration.parse)
            )
        }
        anyHostAllowed = fields.optional("any_host", Permission.parse) != nil
        fields.notYetSupported("proxy")
        hasCredential = fields.seemsToHave("credential")

        guard let endpoint else { return nil }
        self.name = name
        self.endpoint = endpoint
        endpointPlace = fields.valuePlace(of: "endpoint")
        idleMax = connections?.max ?? Self.defaultIdleMax
        idleTimeout = connections?.timeout ?? Self.defaultIdleTimeout
        place = fields.place

        if endpoint.scheme == .http, !endpoint.isLoopback, !fields.seemsToHave("plaintext") {
            fields.report(
                .plaintextUpstream, "resource `\(Shown.short(name))` is reached over plain HTTP", at: endpointPlace,
                help: "write `https://`, or say `plaintext: allow`")
        }
        if endpoint.scheme == .http, fields.has("tls") {
            fields.report(
                .tlsWithoutHTTPS, "`tls` does nothing for an `http://` endpoint", at: fields.place(of: "tls"),
                help: "write `https://`, or leave `tls` out")
        }
    }

    private static let defaultIdleMax = 64
    private static let defaultIdleTimeout = Duration.seconds(60)
}

extension ResourceTLSConfig {
    /// Reads a resource's `tls`.
    init(decoding fields: inout FieldReader) {
        ca = fields.optionalFile("ca")
        serverName = fields.optional("server_name") { scalar throws(ValueError) in
            guard let name = HostName.canonical(scalar.text) else {
                throw ValueError(.badHost, "is not the name of a host", help: "write the name alone, without port")
            }
            return name
        }
    }
}

/// Names in `forward_fields`.
enum ForwardField {
    /// What the gateway itself sets or checks: config.md section 5 keeps these from being forwarded.
    private static let forbidden: Set = [
        "authorization", "date", "x-ms-date", "x-ms-content-sha256", "x-ms-host",
    ]

    /// A lower-case `x-ms-*` name that may be forwarded.
    static func parse(_ scalar: Scalar) throws(ValueError) -> String {
        let bytes = scalar.text.utf8.map(ASCII.lowercased)
        let name = String(decoding: bytes, as: UTF8.self)
        // Origins read `_` and `.` as `-`.
        let lookAlike = String(decoding: bytes.map { $0 == 0x5F || $0 == 0x2E ? 0x2D : $0 }, as: UTF8.self)
        if forbidden.contains(lookAlike) {
            throw ValueError(.badForwardField, "is never forwarded: it is part of the credential", help: "leave it out")
        }
        let isToken = bytes.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D }
        guard isToken, name.hasPrefix("x-ms-"), bytes.count > 5, bytes.count <= 128 else {
            throw ValueError(
                .badForwardField, "is no `x-ms-…` name", help: "all other fields pass or go by fixed rules")
        }
        return name
    }
}
