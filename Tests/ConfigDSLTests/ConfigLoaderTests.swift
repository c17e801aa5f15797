import ConfigDSL
import Crypto
import Telemetry
import Testing

@Suite("A good configuration as typed values")
struct ConfigLoaderTests {
    /// The example of the language's own page, without what this version does not read.
    static let whole = """
        version: 1
        revision: ${env:GIT_SHA:-none}
        workers: auto
        defaults:
          timeouts:
            { connect: 4s, request_head: 11s, request_body: 31s, response_head: 32s, response_body: 33s, idle: 76s,
              total: 6m }
          body:     { max: 13MiB, memory: 257KiB, total: 257MiB }
          retries:  { attempts: 3 }
          limits:
            { connections: 1, connections_per_address: 2, requests_per_connection: 3, request_line: 4KiB,
              field_line: 5KiB, head: 6KiB, fields: 7 }
        listeners:
          app:     { bind: "127.0.0.1:8080" }
          sidecar: { bind: "unix:/run/acs-gateway/app.sock", mode: "0660" }
          mesh:
            bind: "0.0.0.0:8443"
            public_url: https://acs.internal
            tls:
              certificate: tls/server.pem
              key: tls/server.key
              client_ca: tls/ca.pem
              client_auth: optional
              min_version: "1.2"
            timeouts: { request_head: 1s, idle: 250ms }
            limits: { fields: 8 }
        credentials:
          contoso-key: { strategy: access_key, keys: ["${file:secrets/key1}", "${file:secrets/key2}"] }
          own-token: { strategy: pass_through }
        resources:
          contoso:    { endpoint: https://contoso.communication.azure.com, credential: contoso-key }
          contoso-eu:
            endpoint: HTTPS://Contoso-EU.europe.communication.azure.com:443/
            tls: { ca: tls/ca.pem, server_name: Contoso.example }
            forward_fields: [X-MS-Trace, x-ms-b]
            connections: { idle_max: 0, idle_timeout: 1m }
            any_host: allow
        routes:
          - name: chat
            match: { path_prefix: /chat }
            allow: [anonymous]
            resource: contoso
            credential: own-token
          - name: sms
            match: { methods: [POST], path: /sms, host: API.Example, listener: app }
            allow: [anonymous]
            resource: contoso
            timeouts: { total: 1m }
            body: { max: 64KiB, memory: 512B }
            retries: { attempts: 1 }
          - name: eu
            match: { path_prefix: /EU }
            rewrite: { strip_prefix: /EU, add_prefix: /acs/prod }
            allow: [anonymous]
            resource: contoso-eu
            credential: own-token
        telemetry:
          log: { level: debug }
          access_log: { to: logs/access.log, format: json }
        """

    @Test("the whole file")
    func wholeFile() throws {
        let result = World.load(Self.whole)
        let config = try #require(result.config, "\(result.diagnostics.text)")
        #expect(result.sha256 == SHA256.digest(of: Array(Self.whole.utf8).span).hex)
        #expect(config.version == 1)
        #expect(config.revision == "none")
        #expect(config.workers == .auto)
        #expect(!config.allowInlineSecrets)
        #expect(config.defaults.timeouts.connect == .seconds(4))
        #expect(config.defaults.timeouts.total == .seconds(360))
        #expect(config.defaults.body.totalBytes == 257 << 20)
        #expect(config.defaults.retries.attempts == 3)
        #expect(config.defaults.limits.requestLineBytes == 4 << 10)
        #expect(config.listeners.map(\.name) == ["app", "sidecar", "mesh"])
        #expect(config.credentials.map(\.name) == ["contoso-key", "own-token"])
        #expect(config.credentials.map(\.strategy) == ["access_key", "pass_through"])
        #expect(config.resources.map(\.name) == ["contoso", "contoso-eu"])
        #expect(config.routes.map(\.name) == ["chat", "sms", "eu"])
        #expect(config.routes.map(\.credential) == ["own-token", "contoso-key", "own-token"])
        #expect(config.routes.map(\.allow) == [.anonymous, .anonymous, .anonymous])
        #expect(config.telemetry.logLevel == .debug)
        guard case .file(let path) = config.telemetry.accessLog else { return #expect(Bool(false), "a file") }
        #expect(path.path == "logs/access.log")
    }

    @Test("listeners, with what they set again merged in")
    func listeners() throws {
        let config = try #require(World.load(Self.whole).config)
        let (app, sidecar, mesh) = (config.listeners[0], config.listeners[1], config.listeners[2])
        #expect(app.bind == .tcp(host: "127.0.0.1", port: 8080))
        #expect(app.requestHead == .seconds(11))
        #expect(app.idle == .seconds(76))
        #expect(app.limits == config.defaults.limits)
        #expect(app.publicURL == nil)
        #expect(sidecar.bind == .unix(path: "/run/acs-gateway/app.sock"))
        #expect(sidecar.mode == 0o660)
        #expect(app.mode == 0o600)
        #expect(mesh.requestHead == .seconds(1))
        #expect(mesh.idle == .milliseconds(250))
        #expect(mesh.limits.fieldCount == 8)
        #expect(mesh.limits.headBytes == 6 << 10)
        #expect(mesh.publicURL?.origin == "https://acs.internal")
        let tls = try #require(mesh.tls)
        #expect(tls.certificates.map(\.certificate.path) == ["tls/server.pem"])
        #expect(tls.certificates.map(\.key.path) == ["tls/server.key"])
        #expect(tls.clientCA?.path == "tls/ca.pem")
        #expect(tls.clientAuth == .optional)
        #expect(tls.minVersion == .tls12)
        #expect(mesh.bindPlace == SourcePlace(file: "gateway.yaml", line: 17, column: 11, length: 14))
    }

    @Test("resources")
    func resources() throws {
        let config = try #require(World.load(Self.whole).config)
        let (contoso, eu) = (config.resources[0], config.resources[1])
        #expect(contoso.endpoint.authority == "contoso.communication.azure.com")
        #expect(contoso.credential == "contoso-key")
        #expect((contoso.idleMax, contoso.idleTimeout) == (64, .seconds(60)))
        #expect(!contoso.anyHostAllowed)
        #expect(contoso.forwardFields == [])
        #expect(eu.endpoint.host == "contoso-eu.europe.communication.azure.com")
        #expect(eu.endpoint.isDefaultPort)
        #expect(eu.credential == nil)
        #expect(eu.tls?.ca?.path == "tls/ca.pem")
        #expect(eu.tls?.serverName == "contoso.example")
        #expect(eu.forwardFields == ["x-ms-trace", "x-ms-b"])
        #expect((eu.idleMax, eu.idleTimeout) == (0, .seconds(60)))
        #expect(eu.anyHostAllowed)
    }

    @Test("routes, with what they set again merged in")
    func routes() throws {
        let config = try #require(World.load(Self.whole).config)
        let (chat, sms, eu) = (config.routes[0], config.routes[1], config.routes[2])
        #expect(chat.match.pathPrefix?.segments == ["chat"])
        #expect(chat.timeouts == config.defaults.timeouts)
        #expect(chat.body == config.defaults.body)
        #expect(chat.rewrite == nil)
        #expect(sms.match.path?.text == "/sms")
        #expect(sms.match.methods == ["POST"])
        #expect(sms.match.host == "api.example")
        #expect(sms.match.listener == "app")
        #expect(sms.timeouts.total == .seconds(60))
        #expect(sms.timeouts.connect == .seconds(4))
        #expect((sms.body.maxBytes, sms.body.memoryBytes, sms.body.totalBytes) == (64 << 10, 512, 257 << 20))
        #expect(sms.retries.attempts == 1)
        #expect(eu.match.pathPrefix?.written == "/EU")
        #expect(eu.match.pathPrefix?.text == "/eu")
        #expect(eu.rewrite?.stripPrefix?.written == "/EU")
        #expect(eu.rewrite?.addPrefix == "/acs/prod")
    }

    @Test("what a file does not say is as the language's page has it")
    func defaults() throws {
        let result = World.load(World.file())
        let config = try #require(result.config, "\(result.diagnostics.text)")
        #expect(config.revision == "")
        #expect(config.workers == .auto)
        let times = config.defaults.timeouts
        #expect((times.connect, times.requestHead, times.requestBody) == (.seconds(3), .seconds(10), .seconds(30)))
        #expect((times.responseHead, times.responseBody) == (.seconds(30), .seconds(30)))
        #expect((times.idle, times.total) == (.seconds(75), .seconds(300)))
        let body = config.defaults.body
        #expect((body.maxBytes, body.memoryBytes, body.totalBytes) == (12 << 20, 256 << 10, 256 << 20))
        #expect(config.defaults.retries.attempts == 2)
        let limits = config.defaults.limits
        #expect((limits.connections, limits.connectionsPerAddress) == (16384, 16384))
        #expect((limits.requestsPerConnection, limits.fieldCount) == (1_000_000, 100))
        #expect((limits.requestLineBytes, limits.fieldLineBytes, limits.headBytes) == (8192, 8192, 65536))
        #expect(config.telemetry.logLevel == .info)
        #expect(config.telemetry.accessLog == .standardOutput)
        #expect(config.routes[0].timeouts == times)
        #expect(config.listeners[0].requestHead == times.requestHead)
        #expect(result.diagnostics.isEmpty)
        #expect(result.diagnostics.text == "")
    }

    @Test("client certificates are required when authorities are given")
    func clientAuthentication() throws {
        let files = "certificate: tls/server.pem, key: tls/server.key"
        let listeners = """
            { app: { bind: "127.0.0.1:1", tls: { \(files), client_ca: tls/ca.pem } },
              other: { bind: "[::1]:1", tls: { \(files), min_version: "1.3" } } }
            """
        let config = try #require(World.load(World.file(listeners: listeners)).config)
        #expect(config.listeners.map(\.tls?.clientAuth) == [.required, ClientAuth.none])
        #expect(config.listeners.map(\.tls?.minVersion) == [.tls12, .tls13])
    }

    @Test("paths are relative to the file that names them")
    func relativePaths() throws {
        let config = World.file(
            top: "telemetry: { access_log: { to: ./access.log } }",
            listeners: "{ app: { bind: \"unix:run/app.sock\", tls: { certificate: s.pem, key: /abs/s.key } } }")
        let environment = LoadEnvironment.fixed(files: [
            "conf/main.yaml": Array(config.utf8), "conf/s.pem": [], "/abs/s.key": [],
        ])
        let result = ConfigLoader.load(file: "conf/main.yaml", environment: environment)
        let loaded = try #require(result.config, "\(result.diagnostics.text)")
        #expect(loaded.listeners[0].bind == .unix(path: "conf/run/app.sock"))
        #expect(loaded.listeners[0].tls?.certificates.first?.certificate.path == "conf/s.pem")
        #expect(loaded.listeners[0].tls?.certificates.first?.key.path == "/abs/s.key")
        guard case .file(let log) = loaded.telemetry.accessLog else { return #expect(Bool(false), "a file") }
        #expect(log.path == "conf/./access.log")
    }

    @Test("an unused resource needs no credential, nor one whose routes all name theirs")
    func credentials() {
        let resources = "{ contoso: { endpoint: https://a.example }, spare: { endpoint: https://b.example } }"
        let routes = "[{ name: a, match: { path: /a }, allow: [anonymous], resource: contoso, credential: key }]"
        #expect(World.load(World.file(resources: resources, routes: routes)).config != nil)
    }

    @Test(
        "where the access log goes",
        arguments: [
            ("stdout", .standardOutput), ("stderr", .standardError), ("off", .off), ("\"off\"", .off),
            ("\"${env:UNSET:-stderr}\"", .standardError),
        ] as [(String, AccessLogTarget)])
    func accessLog(text: String, target: AccessLogTarget) throws {
        let result = World.load(World.file(top: "telemetry: { access_log: { to: \(text) } }"))
        #expect(try #require(result.config).telemetry.accessLog == target)
    }

    @Test(
        "a file that cannot be read",
        arguments: [
            (.notFound, "E001", "there is no such file"), (.notPermitted, "E001", "this process may not read it"),
            (.notAFile, "E001", "it is not a file"), (.tooLarge, "E002", "it is larger than 4 MiB"),
            (.failed(reason: "Input/output error"), "E001", "Input/output error"),
        ] as [(FileFailure, String, String)])
    func unreadable(failure: FileFailure, id: String, reason: String) {
        let environment = LoadEnvironment(
            readFile: { _, _ throws(FileFailure) in throw failure }, variable: { _ in nil }, unixSeconds: { 0 })
        let result = ConfigLoader.load(file: "etc/gateway.yaml", environment: environment)
        #expect(result.config == nil)
        #expect(result.sha256 == "")
        #expect(
            result.diagnostics.text
                == "etc/gateway.yaml: error[\(id)]: the configuration cannot be read: \(reason)\n1 error, 0 warnings\n")
    }
}
