import Crypto
import FoundationEssentials
import Support
import Synchronization

@testable import Emulator

/// The service principal of tests: that of the recorded requests.
let testPrincipal: EmulatedServicePrincipal = {
    var principal = EmulatedServicePrincipal(
        tenant: "11111111-2222-3333-4444-555555555555", clientID: "66666666-7777-8888-9999-000000000000")
    principal.secrets = [Secret(copying: "first"), Secret(copying: "s3cr~t+/=&%")]
    principal.certificates = (try? PEM(file: Fixtures.root + "tls/rsa-2048.pem")).map { [$0] } ?? []
    principal.federatedTokens = [Secret(copying: "eyJ.federated.token")]
    return principal
}()

/// An emulator without a socket, that plays `login.microsoftonline.com` and all else, with ``testPrincipal``.
func testAzure(
    _ options: TokenOptions = TokenOptions(), behaviour: EmulatorBehaviour = EmulatorBehaviour(),
    files: TestFiles = TestFiles()
) throws -> EmulatedAzure {
    let tokens = EntraTokens(randomness: .seeded(8))
    return EmulatedAzure(
        resource: EmulatedResource(
            accessKeys: [testKey], tokens: tokens, behaviour: behaviour, randomness: .seeded(7)),
        tokenEndpoints: TokenEndpoints(
            options, principals: [try KnownPrincipal(testPrincipal)], tokens: tokens, scheme: "https",
            arcFiles: files.access, randomness: .seeded(9)))
}

/// Files in memory.
final class TestFiles: Sendable {
    private let contents = Mutex<[String: [UInt8]]>([:])

    var access: ArcChallenges.Files {
        ArcChallenges.Files(
            write: { [self] path, content in
                contents.withLock { $0[path] = content }
                return !path.hasPrefix("/full/")
            },
            remove: { [self] path in contents.withLock { $0[path] = nil } })
    }

    var paths: [String] { contents.withLock { $0.keys.sorted() } }

    subscript(path: String) -> String? {
        contents.withLock { $0[path] }.map { String(decoding: $0, as: UTF8.self) }
    }
}

/// A request for a token at Entra; `form` replaces the parameters of a good one, `nil` leaves one out.
func entraRequest(
    _ form: [String: String?] = [:], tenant: String = testPrincipal.tenant, atSeconds now: Int = testTime.seconds
) -> EmulatedRequest {
    var parameters: [String: String?] = [
        "grant_type": "client_credentials", "client_id": testPrincipal.clientID,
        "scope": "https://communication.azure.com//.default",
    ]
    if form["client_assertion"] == nil { parameters["client_secret"] = "s3cr~t+/=&%" }
    if form["client_assertion"] != nil {
        parameters["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    }
    parameters.merge(form) { $1 }
    let pairs = parameters.sorted { $0.key < $1.key }.compactMap { name, value in
        value.map { "\(name)=\(escaped($0))" }
    }
    return formRequest("/\(tenant)/oauth2/v2.0/token", pairs.joined(separator: "&"), atSeconds: now)
}

/// A form that is posted to `login.microsoftonline.com`.
func formRequest(
    _ target: String, _ form: String, fields: [EmulatedField] = [], atSeconds now: Int = testTime.seconds
) -> EmulatedRequest {
    let own = [
        EmulatedField("Host", "login.microsoftonline.com"),
        EmulatedField("Content-Type", "application/x-www-form-urlencoded"),
    ]
    return EmulatedRequest(
        method: "POST", target: target, fields: own + fields, body: Array(form.utf8), receivedAtSeconds: now)
}

/// A GET with `fields`, to wherever.
func plainRequest(
    _ target: String, _ fields: [(String, String)] = [], atSeconds now: Int = testTime.seconds
) -> EmulatedRequest {
    EmulatedRequest(
        method: "GET", target: target,
        fields: [EmulatedField("Host", "localhost")] + fields.map { EmulatedField($0.0, $0.1) },
        receivedAtSeconds: now)
}

/// Everything but letters and digits as escapes.
func escaped(_ text: String) -> String {
    text.utf8.map { byte in
        let character = Character(UnicodeScalar(byte))
        if character.isASCII, character.isLetter || character.isNumber { return String(character) }
        return "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }.joined()
}

extension EmulatedAnswer {
    /// The content, decoded; `access_token` is `accessToken`.
    func content<Content: Decodable>(_ type: Content.Type) throws -> Content {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(type, from: Data(body))
    }

    /// What a token endpoint gave.
    var accessToken: String? { string("access_token") }

    /// Why there was no token.
    var reason: String? { value(of: "x-acs-emulator-reason") }
}

extension EmulatedAzure {
    /// What the token endpoints were asked.
    mutating func tokenJournal() throws -> TokenJournal.Page {
        try answer(to: plainRequest("/_emulator/tokens")).content(TokenJournal.Page.self)
    }

    /// Tells the token endpoints `json`; the status of the answer.
    mutating func command(_ json: String) -> Int {
        var request = plainRequest("/_emulator/tokens", [("Content-Type", "application/json")])
        request.method = "PUT"
        request.body = Array(json.utf8)
        return answer(to: request).status
    }

    /// The answer of the resource to `token`.
    mutating func use(_ token: String, atSeconds now: Int = testTime.seconds) -> EmulatedAnswer {
        answer(to: bearerRequest("GET", "/phoneNumbers?api-version=2025-06-01", token: token, atSeconds: now))
    }
}
