internal import ConfigDSL
internal import Crypto

/// Reading how an app proves itself.
extension ServicePrincipal {
    /// Exactly one of the three proofs, and the options of certificates; `nil` when something is wrong, which is told.
    static func proof(_ fields: inout FieldReader) -> ClientProof? {
        let kind = fields.exactlyOne(of: ["client_secret", "certificate", "federated_token_file"])
        let algorithm = fields.optional("algorithm", default: AssertionAlgorithm.ps256, AssertionAlgorithm.parse)
        let sendsChain = fields.optional("send_certificate_chain", default: false, Bool.parse)
        if let kind, kind != "certificate" {
            for key in ["algorithm", "send_certificate_chain"] where fields.has(key) {
                fields.report(
                    .misplacedSetting, "`\(key)` means nothing without `certificate`", at: fields.place(of: key),
                    help: "leave it out")
            }
        }
        switch kind {
        case "client_secret"?:
            return fields.requiredSecret("client_secret") { secret throws(ValueError) in .secret(secret) }
        case "certificate"?:
            guard let certificate = fields.section("certificate", certificate) else { return nil }
            return .certificate(
                ClientAssertion(certificate: certificate, algorithm: algorithm.algorithm, sendsChain: sendsChain))
        case "federated_token_file"?:
            return fields.optionalFile("federated_token_file", isSecret: true).map { .federated(path: $0.path) }
        case _:
            return nil
        }
    }

    /// `certificate: {file, password}`.
    private static func certificate(_ fields: inout FieldReader) -> SigningCertificate? {
        _ = fields.requiredNode("file", example: "client.pem")
        let file = fields.optionalFileContent("file", isSecret: true)
        let password = fields.optionalSecret("password") { secret throws(ValueError) in secret }
        fields.refuse(["algorithm", "send_certificate_chain"], help: "write it beside `certificate`, not in it")
        guard let (path, content) = file, !fields.has("password") || password != nil else { return nil }
        do throws(SigningCertificateError) {
            let certificate = try SigningCertificate(content, password: password)
            checkEnd(of: certificate, path, &fields)
            return certificate
        } catch {
            fields.report(.badCertificate, "`\(path.shown)` \(error)", at: path.place, help: cure(for: error))
            return nil
        }
    }

    private static func cure(for error: SigningCertificateError) -> String? {
        switch error {
        case .noPassword: "name it: `password: \"${file:…}\"`"
        case .oldEncryption:
            "convert it: `openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW`"
        case .noCertificate, .noKey: "it takes PEM with key and certificate, or PKCS #12"
        case .notRSA: "Microsoft Entra ID takes RSA keys only"
        case .keyMismatch: "the certificate of the key must be the first one"
        case .brokenCertificate, .wrongPassword, .brokenKey, .unknownFormat, .unsuitableKey, .library: nil
        }
    }

    /// A renewal takes people days.
    private static let warningDays = 30

    private static func checkEnd(of certificate: SigningCertificate, _ path: ConfigPath, _ fields: inout FieldReader) {
        let now = fields.context.environment.unixSeconds()
        let days = (certificate.validity.end - now) / 86_400
        if certificate.validity.end <= now {
            fields.report(
                .certificateEnds, "the certificate in `\(path.shown)` has ended", at: path.place,
                help: "upload a new one to the app registration")
        } else if days < warningDays {
            fields.report(
                .certificateEnds,
                "the certificate in `\(path.shown)` ends in \(days == 0 ? "less than a day" : "\(days) days")",
                at: path.place,
                help: "upload a new one to the app registration, then change the file")
        }
    }
}

/// How assertions are signed.
private enum AssertionAlgorithm: String, CaseIterable {
    case ps256, rs256

    var algorithm: SignatureVerifier.Algorithm {
        switch self {
        case .ps256: .ps256
        case .rs256: .rs256
        }
    }
}
