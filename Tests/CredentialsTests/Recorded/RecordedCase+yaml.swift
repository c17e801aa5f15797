import ConfigDSL
import Crypto
import Support

@testable import Credentials

// How each recorded case is written in our configuration.
extension RecordedCase {
    /// The entry under `credentials`.
    var yaml: String {
        let keys = isManagedIdentity ? managedIdentity : servicePrincipal
        return "{ \(keys.joined(separator: ", ")) }"
    }

    /// The workload variables are driven by the setting for them: `service_principal` with a token file.
    private var isManagedIdentity: Bool {
        credential.hasPrefix("ManagedIdentity") && variables["AZURE_FEDERATED_TOKEN_FILE"] == nil
    }

    private var managedIdentity: [String] {
        var keys = ["strategy: managed_identity"]
        if let id = config["client_id"]?.text { keys.append("client_id: \(id)") }
        if let host = variables["AZURE_POD_IDENTITY_AUTHORITY_HOST"] { keys.append("endpoint: \"\(host)\"") }
        return keys
    }

    private var servicePrincipal: [String] {
        let ids = "tenant_id: \(Self.tenant), client_id: \(Self.client)"
        var keys = ["strategy: service_principal", ids]
        if let authority = config["authority"]?.text ?? variables["AZURE_AUTHORITY_HOST"] {
            keys.append("authority: \"\(authority)\"")
        }
        if config["enable_cae"]?.isTrue == true { keys.append("cae: true") }
        return keys + proof
    }

    private var proof: [String] {
        if credential.hasPrefix("ClientSecret") { return [#"client_secret: "${file:secret}""#] }
        guard let certificate = config["certificate"]?.text else { return ["federated_token_file: token"] }
        var keys = ["certificate: { file: \(certificate) }"]
        let header = calls.first?.assertion?["header"]
        if header?["alg"]?.text == "RS256" { keys.append("algorithm: rs256") }
        if header?["x5c"] != nil { keys.append("send_certificate_chain: true") }
        return keys
    }

    /// The platform's own variables; the others are driven by the configuration.
    private var platformVariables: [String: String] {
        var variables = variables.filter { $0.key.hasPrefix("IDENTITY_") || $0.key.hasPrefix("MSI_") }
        if variables["IDENTITY_SERVER_THUMBPRINT"] != nil {
            variables["IDENTITY_SERVER_THUMBPRINT"] = String(repeating: "A1", count: 20)
        }
        return variables
    }

    var environment: LoadEnvironment {
        var files = ["secret": Array("s3cr~t+/=&%\n".utf8), "token": federatedToken]
        for (name, fixture) in [("pem", "leaf.pem"), ("pem_chain", "chain.pem"), ("pfx", "plain.pfx")] {
            files[name] = (try? Fixtures.bytes("certificates/\(fixture)")) ?? []
        }
        return .fixed(files: files, variables: platformVariables, unixSeconds: Int(Self.now.unixSeconds))
    }

    private var federatedToken: [UInt8] {
        Array((config["assertion"]?.text ?? "eyJhbGciOiJSUzI1NiJ9.federated.sig\n").utf8)
    }

    /// What the fetch itself reads.
    var tokenEnvironment: TokenEnvironment {
        let files = environment
        var environment = TokenEnvironment.empty
        environment.random = .system
        environment.readFile = { path, limit throws(FileFailure) in
            let bytes = try files.readFile(path, limit).bytes
            return Secret(copying: bytes.span)
        }
        return environment
    }
}
