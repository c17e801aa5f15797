import Testing

@testable import Emulator

@Suite("The endpoints of managed identities")
struct ManagedIdentityTests {
    private static let header = TokenOptions().identityHeader
    private static let resource = "resource=https%3A%2F%2Fcommunication.azure.com%2F"

    /// A good request to IMDS, with more at its end.
    static func imds(_ more: String = "", atSeconds now: Int = testTime.seconds) -> EmulatedRequest {
        request(.imds, more, atSeconds: now)
    }

    /// A good request to `source`.
    static func request(
        _ source: ManagedIdentitySource, _ more: String = "", atSeconds now: Int = testTime.seconds
    ) -> EmulatedRequest {
        let metadata = ("Metadata", "true")
        return switch source {
        case .imds:
            plainRequest("/\(source.path)?api-version=2018-02-01&\(resource)\(more)", [metadata], atSeconds: now)
        case .azureArc:
            plainRequest("/\(source.path)?api-version=2020-06-01&\(resource)\(more)", [metadata], atSeconds: now)
        case .appService:
            plainRequest(
                "/\(source.path)?api-version=2019-08-01&\(resource)\(more)", [("X-IDENTITY-HEADER", header)],
                atSeconds: now)
        case .azureML:
            plainRequest(
                "/\(source.path)?api-version=2017-09-01&\(resource)\(more)", [("secret", header)], atSeconds: now)
        case .serviceFabric:
            plainRequest(
                "/\(source.path)?api-version=2019-07-01-preview&\(resource)\(more)", [("Secret", header)],
                atSeconds: now)
        case .cloudShell:
            formRequest(
                "/\(source.path)", resource + more, fields: [EmulatedField("Metadata", "true")], atSeconds: now)
        }
    }

    private struct Granted: Decodable {
        var accessToken: String
        var expiresIn: String?
        var notBefore: String?
        var resource: String
        var tokenType: String
        var clientId: String?
        var objectId: String?
        var msiResId: String?
    }

    @Test(
        "each gives a token in its own form, and the resource accepts it",
        arguments: ManagedIdentitySource.allCases.filter { $0 != .azureArc })
    func granted(_ source: ManagedIdentitySource) throws {
        var azure = try testAzure()
        let answer = azure.answer(to: Self.request(source))
        #expect(answer.status == 200, "\(answer.reason ?? "")")
        let granted = try answer.content(Granted.self)
        #expect(granted.resource == "https://communication.azure.com/")
        #expect(granted.tokenType == "Bearer")
        #expect(azure.use(granted.accessToken).status == 200)
        let end = testTime.seconds + 86_400
        switch source {
        case .imds, .cloudShell, .azureArc:
            #expect(granted.expiresIn == "86399")
            #expect(granted.notBefore == String(testTime.seconds))
            #expect(answer.string("expires_on") == String(end))
        case .appService, .azureML:
            #expect(granted.expiresIn == nil)
            #expect(answer.string("expires_on") == String(end))
        case .serviceFabric: #expect(answer.text.contains(#""expires_on":\#(end),"#))
        }
        #expect(granted.clientId == (source == .serviceFabric ? nil : EmulatedIdentity.system.clientID))
        let journal = try azure.tokenJournal()
        #expect(journal.requests[0].endpoint == source.rawValue)
        #expect(journal.requests[0].application == EmulatedIdentity.system.clientID)
    }

    @Test(
        "a user-assigned identity is chosen by the source's own parameter",
        arguments: [
            (.imds, "client_id", EmulatedIdentity.userAssigned.clientID),
            (.imds, "object_id", EmulatedIdentity.userAssigned.objectID),
            (.imds, "msi_res_id", EmulatedIdentity.userAssigned.resourceID),
            (.appService, "client_id", EmulatedIdentity.userAssigned.clientID),
            (.appService, "object_id", EmulatedIdentity.userAssigned.objectID),
            (.appService, "mi_res_id", EmulatedIdentity.userAssigned.resourceID),
            (.azureML, "clientid", EmulatedIdentity.userAssigned.clientID),
        ] as [(ManagedIdentitySource, String, String)])
    func userAssigned(_ source: ManagedIdentitySource, _ name: String, _ chosen: String) throws {
        var azure = try testAzure()
        let identity = EmulatedIdentity.userAssigned
        let id = escaped(chosen)
        let answer = azure.answer(to: Self.request(source, "&\(name)=\(id)"))
        let granted = try answer.content(Granted.self)
        #expect(granted.clientId == identity.clientID)
        #expect(granted.objectId == (name == "object_id" ? identity.objectID : nil))
        #expect(granted.msiResId == (name == "msi_res_id" ? identity.resourceID : nil))
        #expect(try azure.tokenJournal().requests[0].application == identity.clientID)
        let unknown = azure.answer(to: Self.request(source, "&\(name)=\(id)0"))
        #expect(unknown.status == 400)
        #expect(unknown.reason == "unknown identity")
    }

    @Test(
        "a parameter that a source does not know is refused, since it would get another identity's token",
        arguments: [
            (.imds, "mi_res_id"), (.imds, "clientid"), (.appService, "msi_res_id"), (.azureML, "client_id"),
            (.serviceFabric, "client_id"), (.cloudShell, "client_id"), (.imds, "resource"),
        ] as [(ManagedIdentitySource, String)])
    func unknownParameter(_ source: ManagedIdentitySource, _ name: String) throws {
        var azure = try testAzure()
        let answer = azure.answer(to: Self.request(source, "&\(name)=x"))
        #expect(answer.status == 400)
        #expect(answer.reason == "unknown or repeated parameter")
    }

    @Test("only one parameter may choose") func twoSelectors() throws {
        var azure = try testAzure()
        let more = "&client_id=\(EmulatedIdentity.userAssigned.clientID)&object_id=x"
        #expect(azure.answer(to: Self.imds(more)).reason == "two identities")
    }

    @Test("without its field no source gives a token", arguments: ManagedIdentitySource.allCases)
    func fields(_ source: ManagedIdentitySource) throws {
        var azure = try testAzure()
        let name = source.secretField ?? "metadata"
        let (reason, status) = source.secretField == nil ? ("missing metadata", 400) : ("wrong identity header", 401)
        let request = Self.request(source)
        let value = request.values(of: name)[0]
        for wrong in [
            request.removing(name), request.replacing(name, with: value + "x"), request.replacing(name, with: ""),
            request.adding(name, value),
        ] {
            let answer = azure.answer(to: wrong)
            #expect(answer.status == status)
            #expect(answer.reason == reason)
            #expect(answer.accessToken == nil)
        }
    }

    @Test(
        "another version, resource or method is refused",
        arguments: ManagedIdentitySource.allCases.filter { $0 != .azureArc })
    func wrong(_ source: ManagedIdentitySource) throws {
        var azure = try testAzure()
        var request = Self.request(source)
        for method in ["GET", "POST", "HEAD"] where method != source.method {
            request.method = method
            let answer = azure.answer(to: request)
            #expect(answer.status == 405)
            #expect(answer.value(of: "allow") == source.method)
        }
        guard source != .cloudShell else { return }
        let good = Self.request(source)
        let edits = [
            (source.apiVersions[0], "2016-01-01", "wrong api-version"),
            ("api-version", "x", "unknown or repeated parameter"),
            (Self.resource, "", "missing resource"), ("azure.com%2F", "azure.com", "unknown resource"),
            ("%2F", "%2", "malformed parameters"),
        ]
        for (old, new, reason) in edits {
            var request = good
            request.target = good.target.replacing(old, with: new)
            let answer = azure.answer(to: request)
            #expect(answer.status == 400)
            #expect(answer.reason == reason)
        }
    }

    @Test("refusals have the shape of their source") func shapes() throws {
        var azure = try testAzure()
        let imds = azure.answer(to: Self.imds("&client_id=x"))
        #expect(imds.text == #"{"error":"invalid_request","error_description":"Identity not found"}"#)
        let appService = azure.answer(to: Self.request(.appService, "&client_id=x"))
        #expect(appService.text.hasPrefix(#"{"correlationId":""#))
        #expect(appService.text.hasSuffix(#"","message":"Identity not found","statusCode":400}"#))
        let fabric = azure.answer(to: Self.request(.serviceFabric).removing("secret"))
        #expect(fabric.string("code") == "SecretHeaderNotFound")
    }

    @Test("IMDS answers nothing that was forwarded to it") func forwarded() throws {
        var azure = try testAzure()
        #expect(azure.answer(to: Self.imds().adding("X-Forwarded-For", "127.0.0.1")).reason == "forwarded")
    }

    @Test("the platform keeps a token for a quarter of its life, one for each identity") func kept() throws {
        var options = TokenOptions()
        options.lifetimeSeconds = 100
        var azure = try testAzure(options)
        let first = azure.answer(to: Self.imds())
        let soon = azure.answer(to: Self.imds(atSeconds: testTime.seconds + 24))
        #expect(soon.accessToken == first.accessToken)
        #expect((first.string("expires_in"), soon.string("expires_in")) == ("99", "75"))
        let other = azure.answer(to: Self.imds("&client_id=\(EmulatedIdentity.userAssigned.clientID)"))
        #expect(other.accessToken != first.accessToken)
        let later = azure.answer(to: Self.imds(atSeconds: testTime.seconds + 25))
        #expect(later.accessToken != first.accessToken)
        #expect(later.string("expires_in") == "99")
        #expect(azure.command(#"{"revoke":true}"#) == 204)
        let fresh = azure.answer(to: Self.imds(atSeconds: testTime.seconds + 26))
        #expect(fresh.accessToken != later.accessToken)
    }
}

@Suite("Azure Arc's challenge")
struct ArcChallengeTests {
    private func options(_ directory: String = "/var/keys") -> TokenOptions {
        var options = TokenOptions()
        options.arcTokenDirectory = directory
        return options
    }

    @Test("the secret is in a file, whose content answers once", arguments: ["/var/keys", "/var/keys/"])
    func challenge(_ directory: String) throws {
        let files = TestFiles()
        var azure = try testAzure(options(directory), files: files)
        let request = ManagedIdentityTests.request(.azureArc)
        let challenge = azure.answer(to: request)
        #expect(challenge.status == 401)
        let path = try #require(files.paths.first)
        #expect(challenge.value(of: "www-authenticate") == "Basic realm=\(path)")
        #expect(path.hasPrefix("/var/keys/"))
        #expect(path.hasSuffix(".key"))
        #expect(path.count { $0 == "/" } == 3)
        let secret = try #require(files[path])
        let granted = azure.answer(to: request.adding("Authorization", "Basic \(secret)"))
        #expect(granted.status == 200)
        #expect(files.paths.isEmpty)
        let again = azure.answer(to: request.adding("Authorization", "Basic \(secret)"))
        #expect(again.status == 401)
        #expect(files.paths.count == 1)
        let journal = try azure.tokenJournal()
        #expect(journal.requests.map(\.outcome) == [.challenged, .issued, .challenged])
    }

    @Test("a wrong answer gets another challenge") func wrongAnswer() throws {
        let files = TestFiles()
        var azure = try testAzure(options(), files: files)
        let request = ManagedIdentityTests.request(.azureArc)
        _ = azure.answer(to: request)
        let secret = try #require(files.paths.first.flatMap { files[$0] })
        for text in [secret, "basic \(secret)", "Basic \(secret)\n", "Basic ", "Bearer \(secret)"] {
            #expect(azure.answer(to: request.adding("Authorization", text)).status == 401)
        }
        #expect(files.paths.count == 6)
    }

    @Test("so many can be open; none is left behind") func bounds() throws {
        let files = TestFiles()
        var azure = try testAzure(options(), files: files)
        for _ in 0..<100 { _ = azure.answer(to: ManagedIdentityTests.request(.azureArc)) }
        #expect(files.paths.count == ArcChallenges.limit)
        azure.close()
        #expect(files.paths.isEmpty)
    }

    @Test("without a directory, or with one that cannot be written, there is no challenge") func noDirectory() throws {
        var without = try testAzure()
        #expect(without.answer(to: ManagedIdentityTests.request(.azureArc)).status == 400)
        var full = try testAzure(options("/full"))
        #expect(full.answer(to: ManagedIdentityTests.request(.azureArc)).status == 500)
    }
}
