import Support
import Testing

/// No resolved value of a reference is ever printed, anywhere (config.md section 2).  Every other test that runs the
/// program looks for the same secrets in all that it said; these look where something goes wrong.
@Suite("Secrets stay secret")
struct SecretsTests {
    @Test("the search finds a secret in every spelling")
    func spelling() {
        let secret = Base64.encode(Array("a secret of 20 bytes".utf8))
        let all = spellings(of: secret).map { String(latin1: $0) }
        #expect(all.contains("a secret of 20 bytes") && all.contains(secret))
        #expect(all.contains(hexadecimal(Array("a secret of 20 bytes".utf8))))
        #expect(all.contains(Base64.encode(Array(secret.utf8))))
    }

    static let wrong = "bm90LWEtcmVhbC1rZXktYnV0LXNlY3JldA"  // base64 without its padding
    static let connection = "endpoint=https://contoso.communication.azure.com/;accesskey=\(wrong)"

    @Test(
        "a secret that cannot be used is not shown in its diagnostic",
        arguments: [
            #"{ strategy: access_key, keys: ["${file:secret}"] }"#,
            #"{ strategy: access_key, keys: ["${env:SECRET}"] }"#,
            #"{ strategy: access_key, keys: ["${cred:secret}"] }"#,
            #"{ strategy: access_key, connection_string: "${file:connection}" }"#,
            #"{ strategy: access_key, keys: "${file:secret}" }"#, #"{ strategy: "${file:secret}" }"#,
            #"{ strategy: access_key, keys: ["x${file:secret}"] }"#, "{ strategy: access_key, keys: [\"\(wrong)\"] }",
            "{ strategy: access_key, keys: \(wrong) }", "{ strategy: access_key, kys: [\"\(wrong)\"] }",
        ])
    func diagnostics(credential: String) throws {
        var config = ConfigText(origin: .ipv4("127.0.0.1", port: 9))
        config.credentials = ["key: \(credential)"]
        for command in [["check"], ["check", "--format", "json"], ["run"]] {
            let directory = try TemporaryDirectory()
            try directory.write("secret", Self.wrong)
            let run = try CommandRun(
                command,
                files: ["config.yaml": config.text, "secret": Self.wrong, "connection": Self.connection],
                environment: ["SECRET": Self.wrong, "CREDENTIALS_DIRECTORY": directory.path], secrets: [Self.wrong])
            #expect(run.status == .exited(1), "\(run.output)\(run.error)")
        }
    }

    @Test("what a client brings of its own is not logged, whatever becomes of the request")
    func clientSecrets() throws {
        let bed = try TestBed { $0.routes[0].replace("path_prefix: /", with: "path_prefix: /ok") }
        let canary = TestKeys.canary
        for sent in [
            request("GET /ok", "Authorization: Bearer \(canary)", "Cookie: \(canary)"),
            request("GET /none", "Authorization: Bearer \(canary)"), request("GET /ok?api-key=\(canary)"),
            request("GET /ok", "api-key: \(canary)", "X : \(canary)"), "GET /ok \(canary)\r\n\r\n",
            request("POST /ok", "x-ms-content-sha256: \(canary)", body: canary),
        ] {
            _ = try bed.exchange(sent)
        }
        bed.origin.stop()
        _ = try bed.exchange(request("GET /ok", "Authorization: \(canary)"))
        try bed.finish()
    }

    @Test("a refused reload shows no secret, old or new")
    func reload() throws {
        let bed = try TestBed()
        try bed.gateway.directory.write("key1", Self.wrong)
        bed.gateway.program.signal(1)
        _ = try bed.gateway.line { $0.hasPrefix("acs-gateway: reload refused") ? true : nil }
        expectNoSecret(in: bed.gateway.program, [Self.wrong])
        try bed.finish()
    }
}
