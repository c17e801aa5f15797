internal import ConfigDSL
internal import Crypto
internal import HTTP1
internal import Transport

/// Listeners, and what they show and demand in TLS.
extension Provisioner {
    mutating func listener(_ config: ListenerConfig, after previous: Generation?) -> ListenerSettings {
        let before = previous?.listeners.first { $0.bindKey == config.bindKey }
        return ListenerSettings(
            name: config.name, bindKey: config.bindKey,
            tls: config.tls.flatMap { serverContext($0, after: before?.tls) },
            publicBase: config.publicURL.map { Array($0.origin.utf8) } ?? [],
            headLimits: HeadLimits(
                requestLineBytes: config.limits.requestLineBytes, fieldLineBytes: config.limits.fieldLineBytes,
                headBytes: config.limits.headBytes, fieldCount: config.limits.fieldCount),
            requestHead: config.requestHead.wholeNanoseconds, idle: config.idle.wholeNanoseconds,
            requestsPerConnection: config.limits.requestsPerConnection, connectionLimit: config.limits.connections,
            connectionLimitPerHost: config.limits.connectionsPerAddress)
    }

    /// What the listener shows and demands; `previous` is what it was before, whose clients may go on.
    private mutating func serverContext(_ config: ListenerTLSConfig, after previous: TLSContext?) -> TLSContext? {
        guard let certificates = certificates(config), let place = config.certificates.first?.certificate.place else {
            return nil
        }
        var clients = TLSContext.ClientCertificates.none
        if let path = config.clientCA, config.clientAuth != .none {
            guard let authorities = authorities(path) else { return nil }
            switch config.clientAuth {
            case .none: break
            case .optional: clients = .optional(authorities: authorities)
            case .required: clients = .required(authorities: authorities)
            }
        }
        let version: TLSContext.Version =
            switch config.minVersion {
            case .tls12: .tls12
            case .tls13: .tls13
            }
        do throws(TLSSetupError) {
            return try TLSContext(
                serving: certificates, minimumVersion: version, clients: clients, succeeding: previous,
                tickets: TicketKeys(now: environment.unixSeconds))
        } catch {
            diagnostics.report(.unreadableFileSetting, "\(error)", at: place)
            return nil
        }
    }

    /// The authorities whose clients are believed; told at their own place when the file holds none.
    private mutating func authorities(_ path: ConfigPath) -> PEM? {
        guard let pem = pem(path) else { return nil }
        do throws(TLSSetupError) {
            try pem.checkCertificates()
            return pem
        } catch {
            diagnostics.report(.unreadableFileSetting, "\(error)", at: path.place)
            return nil
        }
    }

    // MARK: Certificates

    /// All certificates of a listener; `nil` when one cannot be used.  What is odd about them is told.
    private mutating func certificates(_ config: ListenerTLSConfig) -> ServerCertificates? {
        var read: [ServerCertificate] = []
        var isGood = true
        for files in config.certificates {
            guard let certificate = certificate(files) else { continue }
            if let same = read.firstIndex(where: { $0.fingerprint == certificate.fingerprint }) {
                diagnostics.report(
                    .sameCertificate, "`\(certificate.name)` and `\(read[same].name)` are one certificate",
                    at: files.certificate.place, help: "take one of them out")
                isGood = false
            }
            read.append(certificate)
        }
        guard isGood, read.count == config.certificates.count, let first = read.first else { return nil }
        let all = ServerCertificates(first, Array(read.dropFirst()))
        tellOddities(of: all, config.certificates.map(\.certificate.place))
        return all
    }

    private mutating func certificate(_ files: CertificateFiles) -> ServerCertificate? {
        guard let certificates = pem(files.certificate), let key = pem(files.key) else { return nil }
        do throws(TLSSetupError) {
            let certificate = try ServerCertificate(TLSIdentity(certificates: certificates, key: key))
            tellValidity(of: certificate, at: files.certificate.place)
            return certificate
        } catch {
            diagnostics.report(.unreadableFileSetting, "\(error)", at: files.certificate.place)
            return nil
        }
    }

    private mutating func tellValidity(of certificate: ServerCertificate, at place: SourcePlace) {
        let now = environment.unixSeconds()
        if now > certificate.validity.end {
            diagnostics.report(
                .certificateNotValid, "the certificate in `\(certificate.name)` has expired", at: place,
                help: "it ended \(Self.days(now - certificate.validity.end)) ago; clients will refuse it")
        } else if now < certificate.validity.start {
            diagnostics.report(
                .certificateNotValid, "the certificate in `\(certificate.name)` is not valid yet", at: place,
                help: "it begins in \(Self.days(certificate.validity.start - now)); clients will refuse it till then")
        }
    }

    private static func days(_ seconds: Int) -> String {
        let days = seconds / 86_400
        return days == 0 ? "less than a day" : "\(days) day\(days == 1 ? "" : "s")"
    }

    /// Tells of certificates, and of names, that no client will be shown.
    private mutating func tellOddities(of certificates: ServerCertificates, _ places: [SourcePlace]) {
        let (all, unreachable) = (certificates.all, certificates.unreachable)
        for place in unreachable {
            let hasNames = !all[place].dnsNames.isEmpty
            diagnostics.report(
                .unreachableCertificate, "no client is ever shown the certificate in `\(all[place].name)`",
                at: places[place],
                help: hasNames
                    ? "certificates before it have all its names" : "it names no host in its alternative names")
        }
        for (index, shadow) in certificates.shadows.enumerated() where !unreachable.contains(shadow.hidden) {
            // One finding for each pair: certificates may share hundreds of names.
            let pair = certificates.shadows[..<index].first { ($0.shown, $0.hidden) == (shadow.shown, shadow.hidden) }
            guard pair == nil else { continue }
            diagnostics.report(
                .sharedName, "`\(shadow.name)` stands in `\(all[shadow.shown].name)`, too", at: places[shadow.hidden],
                help: "clients that ask for it are shown that one, which comes first")
        }
    }
}

/// Certificates of listeners.
extension DiagnosticID {
    /// One certificate twice.
    fileprivate static let sameCertificate = DiagnosticID("E508")
    /// A certificate that has expired, or is not valid yet.
    fileprivate static let certificateNotValid = DiagnosticID("W501")
    /// Two certificates for one name, with one kind of key.
    fileprivate static let sharedName = DiagnosticID("W502")
    /// A certificate that is not the default and has no name of its own.
    fileprivate static let unreachableCertificate = DiagnosticID("W503")
}
