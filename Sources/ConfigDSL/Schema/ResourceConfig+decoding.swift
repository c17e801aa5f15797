internal import Bytes
internal import Crypto

extension ResourceConfig {
    /// Reads one resource; `nil` without an endpoint.
    init?(_ name: String, decoding fields: inout FieldReader, names: Names) {
        let endpoint = fields.required("endpoint", example: "https://NAME.communication.azure.com", Endpoint.parse)
        credential = fields.optional("credential", names.credentials.parse)
        _ = fields.optional("plaintext", Permission.parse)
        tls = fields.section("tls") { ResourceTLSConfig(decoding: &$0) }
        proxy = fields.section("proxy") { ResourceProxyConfig(decoding: &$0) }
        forwardFields = fields.optionalList("forward_fields", ForwardField.parse) ?? []
        let connections = fields.section("connections") { section in
            (
                max: section.optional("idle_max", default: Self.defaultIdleMax, Int.parse(within: 0...100_000)),
                timeout: section.optional("idle_timeout", default: Self.defaultIdleTimeout, Duration.parse)
            )
        }
        anyHostAllowed = fields.optional("any_host", Permission.parse) != nil
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

extension ResourceProxyConfig {
    /// Reads a resource's `proxy`; `nil` without an address.
    init?(decoding fields: inout FieldReader) {
        let endpoint = fields.required("url", example: "http://proxy.internal:3128", Self.address)
        let username = fields.optional("username", Self.username)
        let password = fields.optionalSecret("password", Self.password)
        let pair = ["username", "password"]
        for (key, other) in zip(pair, pair.reversed()) where fields.has(key) && !fields.seemsToHave(other) {
            fields.report(
                .keysConflict, "`\(key)` of a proxy needs `\(other)` as well", at: fields.place(of: key),
                help: "give both, or neither")
        }
        guard let endpoint else { return nil }
        self.endpoint = endpoint
        credential = username.flatMap { name in password.map { (name, $0) } }
    }

    /// `http://HOST:PORT`.
    private static func address(_ scalar: Scalar) throws(ValueError) -> Endpoint {
        let endpoint = try Endpoint.parse(scalar)
        guard endpoint.scheme == .http else {
            throw ValueError(
                .badProxy, "is a proxy that is spoken to over TLS, which is not supported",
                help: "write `http://HOST:PORT`; what goes to an `https://` resource is encrypted all the way")
        }
        let text = scalar.text.hasSuffix("/") ? scalar.text.dropLast() : scalar.text[...]
        guard !endpoint.isDefaultPort || text.hasSuffix(":80") else {
            throw ValueError(.badProxy, "has no port", help: "proxies have no usual one: write `http://HOST:PORT`")
        }
        return endpoint
    }

    /// No colon, which would end it, and no control characters (RFC 7617 §2).
    private static func username(_ scalar: Scalar) throws(ValueError) -> String {
        let name = try String.parse(scalar)
        guard name.utf8.count <= longestBytes, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != 0x3A }) else {
            throw ValueError(
                .badProxy, "is no name that a proxy can be told",
                help: "a colon and control characters are not possible; at most \(longestBytes) bytes")
        }
        return name
    }

    private static func password(_ secret: Secret) throws(ValueError) -> Secret {
        let isPlain = secret.withBytes { bytes in
            bytes.count <= longestBytes && bytes.indices.allSatisfy { bytes[$0] >= 0x20 && bytes[$0] != 0x7F }
        }
        guard isPlain else {
            throw ValueError(
                .badProxy, "is no password that a proxy can be told",
                help: "control characters are not possible; at most \(longestBytes) bytes")
        }
        return secret
    }

    /// The head that tells it stays well below what proxies read.
    private static let longestBytes = 1024
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
