internal import Bytes
internal import Crypto
internal import Transport

/// `acs-gateway dev-cert`: a throw-away authority and a server certificate, for trying and for tests.
struct DevCertCommand: Command {
    private static let host = Option("host", "NAME", .repeated, help: "one more name or address of the server")
    private static let force = Option("force", help: "replace files that are there")

    static let syntax = Syntax(
        name: "dev-cert", summary: "make a throw-away authority and server certificate",
        operands: [Operand(name: "DIR", help: "where to write; made if it is not there")],
        options: [host, force],
        notes: [
            """
            files:
              ca.pem      the authority: what clients must trust
              server.pem  the certificate, for localhost, 127.0.0.1, ::1 and each NAME; valid for 30 days
              server.key  its private key, readable by you alone

            The authority's own key is not kept: nobody can make another certificate with it.
            """
        ])

    private let directory: String
    private let names: [String]
    private let replaces: Bool

    init(_ arguments: Arguments) throws(UsageError) {
        let path = arguments.operands[0]
        directory = path.hasSuffix("/") ? path : path + "/"
        let more = arguments.all(Self.host)
        if let wrong = more.first(where: { !DevelopmentAuthority.isName($0) }) {
            throw UsageError("`--host` `\(shown(wrong))` is neither a host name nor an IP address")
        }
        names = ["localhost", "127.0.0.1", "::1"] + more
        replaces = arguments.has(Self.force)
    }

    func run() throws(CommandError) -> Outcome {
        try refuseReplacing(["ca.pem", "server.pem", "server.key"])
        let now = Int(WallClock.current() / 1_000_000_000)
        let authority: PEM
        let server: TLSIdentity
        do throws(TLSSetupError) {
            let made = try DevelopmentAuthority(valid: .thirtyDays(from: now))
            server = try made.issue(for: names, valid: .thirtyDays(from: now))
            authority = made.certificate
        } catch {
            throw CommandError("\(error)")
        }
        do throws(SystemError) {
            try WholeFile.makeDirectory(directory)
        } catch {
            throw CommandError("cannot make `\(directory)`: \(error.reason)")
        }
        try write(server.key, "server.key", mode: 0o600)
        try write(server.certificates, "server.pem", mode: 0o644)
        try write(authority, "ca.pem", mode: 0o644)
        return Outcome(
            output: """
                wrote \(directory)ca.pem, \(directory)server.pem and \(directory)server.key
                valid for 30 days, for \(listed(names))

                """)
    }

    private func refuseReplacing(_ files: [String]) throws(CommandError) {
        guard !replaces, let file = files.first(where: { WholeFile.exists(directory + $0) }) else { return }
        throw CommandError("`\(directory)\(file)` is there already; `--force` replaces it")
    }

    private func write(_ content: PEM, _ file: String, mode: UInt32) throws(CommandError) {
        do throws(SystemError) {
            try content.text.withBytes { bytes throws(SystemError) in
                try WholeFile.write(bytes, to: directory + file, mode: mode, replacing: replaces)
            }
        } catch {
            throw CommandError("cannot write `\(directory)\(file)`: \(error.reason)")
        }
    }
}
