import Support
import Testing

@Suite("The example configurations")
struct ExampleTests {
    private static var all: [String] {
        get throws {
            let names = try Files.names(in: Fixtures.packageRoot + "examples").filter { $0.hasSuffix(".yaml") }
            return names.map { "examples/\($0)" } + ["config.example.yaml"]
        }
    }

    /// As `script/server` leaves them: beside the file, or one directory up.
    private static func files() throws -> [String: [UInt8]] {
        let made = try CommandRun(["dev-cert", "certificates"])
        try #require(made.status == .exited(0), "\(made.error)")
        let other = try CommandRun(["dev-cert", "certificates", "--host", "eu.acs.internal"])
        try #require(other.status == .exited(0), "\(other.error)")
        var files: [String: [UInt8]] = [:]
        for name in ["ca.pem", "server.pem", "server.key"] {
            files[name] = try Files.bytes(at: "\(made.directory.path)/certificates/\(name)")
            files["eu/\(name)"] = try Files.bytes(at: "\(other.directory.path)/certificates/\(name)")
        }
        files["access-key"] = Array(TestKeys.first.utf8)
        files["access-key-2"] = Array(TestKeys.second.utf8)
        files["client-secret"] = Array("a secret".utf8)
        files["federated-token"] = Array("a.federated.token".utf8)
        files["client.pem"] = try Fixtures.bytes("certificates/leaf.pem")
        return files
    }

    @Test("each loads as it stands", arguments: try all)
    func loads(path: String) throws {
        let place = try TemporaryDirectory()
        try place.makeDirectory("run")
        try place.makeDirectory("run/eu")
        try place.makeDirectory("examples")
        for (name, content) in try Self.files() { try place.write("run/\(name)", content) }
        try place.write(path, Files.bytes(at: Fixtures.packageRoot + path))
        let connection = "endpoint=http://127.0.0.1:8090;accesskey=\(TestKeys.first)"
        let run = try CommandRun(
            ["check", "--config", "\(place.path)/\(path)"],
            environment: [
                "CREDENTIALS_DIRECTORY": place.path + "/run", "ACS_CONNECTION": connection,
                // What platforms of managed identities set.
                "IDENTITY_HEADER": "header", "MSI_SECRET": "secret",
                "IDENTITY_SERVER_THUMBPRINT": String(repeating: "0", count: 40),
            ])
        #expect(run.status == .exited(0), "\(run.output)\(run.error)")
    }
}
