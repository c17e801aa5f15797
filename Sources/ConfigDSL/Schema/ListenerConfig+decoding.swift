extension ListenerConfig {
    /// Reads one listener over the `defaults`; `nil` without an address.
    init?(_ name: String, decoding fields: inout FieldReader, defaults: Settings) {
        let bind = fields.required("bind", example: "127.0.0.1:8080", BindAddress.parse)
        let mode = fields.optional("mode", FileMode.parse)
        publicURL = fields.optional("public_url", Endpoint.parse)
        plaintextAllowed = fields.optional("plaintext", Permission.parse) != nil
        tls = fields.section("tls") { ListenerTLSConfig(decoding: &$0) }
        var timeouts = defaults.timeouts
        timeouts.read(
            &fields, Timeouts.Key.ofListener, elsewhere: "set it on a route or in `defaults`")
        limits = defaults.limits
        limits.read(&fields)

        guard let bind else { return nil }
        self.name = name
        self.bind = Self.resolved(bind, &fields)
        self.mode = mode ?? 0o600
        requestHead = timeouts.requestHead
        idle = timeouts.idle
        place = fields.place
        bindPlace = fields.valuePlace(of: "bind")

        if case .tcp = bind, fields.has("mode") {
            fields.report(
                .listenerSetting, "`mode` is for unix sockets only", at: fields.place(of: "mode"),
                help: "leave it out, or bind to `unix:/PATH`")
        }
        if !bind.isLocal, !fields.seemsToHave("tls"), !fields.seemsToHave("plaintext") {
            fields.report(
                .plaintextExposed, "listener `\(Shown.short(name))` takes plain HTTP from other machines",
                at: bindPlace, help: "add `tls`, or say `plaintext: allow`")
        }
    }

    /// A unix socket's path, as seen from the directory of the file.
    static func resolved(_ bind: BindAddress, _ fields: inout FieldReader) -> BindAddress {
        guard case .unix(let path) = bind else { return bind }
        let resolved = BindAddress.tidied(fields.context.resolve(path))
        if resolved.utf8.count > BindAddress.longestPath {
            fields.report(
                .badBind, "`bind` is longer than a unix socket's path can be", at: fields.valuePlace(of: "bind"),
                help: "at most \(BindAddress.longestPath) bytes, the directory of this file included")
        }
        return .unix(path: resolved)
    }
}

extension ListenerTLSConfig {
    /// Certificates of one listener at most: each is read at every load, and more names fit in one certificate.
    private static let certificateLimit = 1_000

    /// Reads a listener's `tls`; `nil` without a certificate and its key.
    init?(decoding fields: inout FieldReader) {
        let hasList = fields.has("certificates")
        var isWhole = true
        certificates = []
        if !hasList || fields.has("certificate") || fields.has("key") {
            if let own = CertificateFiles(decoding: &fields) { certificates.append(own) } else { isWhole = false }
        } else {
            // The list does instead of them; they are asked for all the same, so that they are known.
            _ = (fields.node("certificate"), fields.node("key"))
        }
        if let more = Self.list(&fields) { certificates += more } else { isWhole = false }
        clientCA = fields.optionalFile("client_ca")
        let fallback = fields.has("client_ca") ? ClientAuth.required : .none
        clientAuth = fields.optional("client_auth", default: fallback, ClientAuth.parse)
        minVersion = fields.optional("min_version", default: .tls12, TLSVersion.parse)
        if clientAuth != .none, !fields.has("client_ca") {
            fields.report(
                .keysConflict, "`client_auth` asks for certificates that nothing can check",
                at: fields.place(of: "client_auth"), help: "add `client_ca`")
        }
        guard isWhole else { return nil }
    }

    /// What `certificates` lists; empty when it is not there, `nil` when any item is wrong, which is told.
    private static func list(_ fields: inout FieldReader) -> [CertificateFiles]? {
        guard let node = fields.node("certificates") else { return [] }
        guard let items = fields.listItems(node, "certificates", 1...certificateLimit) else { return nil }
        var read: [CertificateFiles] = []
        for (index, item) in items.enumerated() {
            let files = fields.read(item, of: "item \(index + 1) of `certificates`") {
                CertificateFiles(decoding: &$0)
            }
            if let files { read.append(files) }
        }
        return read.count == items.count ? read : nil
    }
}

extension CertificateFiles {
    /// Reads `certificate` and `key`; `nil` without both.
    init?(decoding fields: inout FieldReader) {
        let certificate = fields.requiredFile("certificate", example: "server.pem")
        let key = fields.requiredFile("key", example: "server.key", isSecret: true)
        guard let certificate, let key else { return nil }
        (self.certificate, self.key) = (certificate, key)
    }
}
