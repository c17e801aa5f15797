internal import ConfigDSL
internal import Crypto
internal import Emulator
internal import Transport

/// `acs-gateway emulate`: a local service that checks signatures, until `SIGTERM`.
struct EmulateCommand: Command {
    private static let bind = Option(
        "bind", "ADDR", help: "host:port; port 0 takes a free one (default: 127.0.0.1:8090)")
    private static let accessKey = Option(
        "access-key", "BASE64", .repeated, help: "an access key, at most two (default: one known to everybody)")
    private static let accessKeyFile = Option(
        "access-key-file", "FILE", .repeated, help: "the same, from a file, where no process list shows it")
    private static let certificate = Option("certificate", "FILE", help: "speak TLS with this certificate (PEM)")
    private static let key = Option("key", "FILE", help: "and this private key (PEM)")
    private static let publicHost = Option(
        "public-host", "HOST", help: "name this host in absolute links, as the service does with its regional hosts")
    private static let latency = Option("latency", "TIME", help: "hold each answer back so long, such as 250ms")
    private static let rejectRate = Option(
        "reject-rate", "SHARE", help: "refuse this share, 0 to 1, of good requests: half with 401, half with 500")
    private static let throttle = Option("throttle", "N", help: "answer N good requests a minute, and 429 beyond")
    private static let emailPolls = Option(
        "email-polls", "N", help: "answer N polls of an e-mail with `Running` first (default: 2)")
    private static let seed = Option("seed", "N", help: "the same ids, tokens and failures in each run")

    static let syntax = Syntax(
        name: "emulate", summary: "be a local Azure Communication Services that checks signatures",
        options: [
            bind, accessKey, accessKeyFile, certificate, key, publicHost, latency, rejectRate, throttle, emailPolls,
            seed,
        ] + TokenArguments.syntax,
        notes: [
            """
            It knows Identity, SMS, Email, Phone Numbers (lists) and Chat's check of tokens.  State is in memory and
            nothing is delivered to anyone.  It says on standard error where it listens.
            """,
            """
            Beside these it gives access tokens, which it then accepts: to service principals at
            /TENANT/oauth2/v2.0/token, and to managed identities as IMDS, App Service, Azure Arc, Cloud Shell, Azure ML
            and Service Fabric do.  docs/manual/emulator.md has the paths.
            """,
        ])

    private var options = EmulatorOptions()
    private let tokens: TokenArguments
    private let givenKeys: [Secret]
    private let keyFiles: [String]
    private let tlsFiles: (certificate: String, key: String)?

    init(_ arguments: Arguments) throws(UsageError) {
        do throws(CommandError) {
            givenKeys = try arguments.all(Self.accessKey).map { text throws(CommandError) in
                try AccessKeyInput.key(text, from: "what `--access-key` gives")
            }
        } catch {
            throw UsageError(error.message)
        }
        keyFiles = arguments.all(Self.accessKeyFile)
        guard givenKeys.count + keyFiles.count <= 2 else { throw UsageError("a resource has at most two access keys") }
        switch (arguments[Self.certificate], arguments[Self.key]) {
        case (nil, nil): tlsFiles = nil
        case (let certificate?, let key?): tlsFiles = (certificate, key)
        case (_?, nil): throw UsageError("`--certificate` needs `--key`")
        case (nil, _?): throw UsageError("`--key` needs `--certificate`")
        }
        tokens = try TokenArguments(arguments)
        if let address = arguments[Self.bind] {
            guard EmulatorOptions.isAddress(address) else {
                throw UsageError("`--bind` is no address; write `127.0.0.1:8090` or `[::1]:8090`")
            }
            options.bind = address
        }
        options.behaviour.publicHost = arguments[Self.publicHost]
        if let latency = try arguments.parsed(Self.latency, Duration.parse(within: 0...3_600_000)) {
            options.behaviour.latency = latency
        }
        if let share = try arguments.share(Self.rejectRate) { options.behaviour.rejectRate = share }
        options.behaviour.throttlePerMinute = try arguments.parsed(Self.throttle, Int.parse(within: 0...1_000_000))
        if let polls = try arguments.parsed(Self.emailPolls, Int.parse(within: 0...1000)) {
            options.behaviour.emailPolls = polls
        }
        options.seed = try arguments.parsed(Self.seed, Int.parse(within: 0...Int.max)).map(UInt64.init)
    }

    func run() throws(CommandError) -> Outcome {
        let server = try start()
        // Before the first thread: all of them inherit what is blocked.
        let signals = SignalWait()
        SystemConsole().complain("\(Program.name) \(Version.current) emulating on \(server.origin)\n")
        try serve(server) { while signals.next() != .end {} }
        return Outcome()
    }

    private func start() throws(CommandError) -> EmulatorServer {
        var options = options
        let keys = try keys()
        if !keys.isEmpty { options.accessKeys = keys }
        options.tokens = try tokens.tokenOptions()
        do throws(TLSSetupError) {
            if let tlsFiles {
                options.tls = TLSIdentity(
                    certificates: try PEM(file: tlsFiles.certificate), key: try PEM(file: tlsFiles.key))
            }
        } catch {
            throw CommandError("\(error)")
        }
        do throws(EmulatorError) {
            return try EmulatorServer(options)
        } catch {
            throw CommandError("\(error)")
        }
    }

    private func keys() throws(CommandError) -> [Secret] {
        var keys = givenKeys
        for file in keyFiles { keys.append(try AccessKeyInput.key(inFile: file)) }
        return keys
    }

    /// Serves on a thread of its own until `wait` returns.
    private func serve(_ server: EmulatorServer, until wait: () -> Void) throws(CommandError) {
        do throws(SystemError) {
            try Thread.start("acs-emulator") {
                do throws(EmulatorError) {
                    try server.run()
                } catch {
                    SystemConsole().complain("\(Program.name) emulate: \(error)\n")
                    SystemConsole.exit(.failed)
                }
            }
        } catch {
            throw CommandError("\(error)")
        }
        wait()
        server.stop()
    }
}
