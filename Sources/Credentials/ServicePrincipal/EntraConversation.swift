internal import Bytes
internal import Crypto

/// What a service principal asks Microsoft Entra ID, one POST at a time (OAuth 2.0, RFC 6749 §4.4).
struct EntraConversation: TokenConversation {
    let principal: ServicePrincipal
    /// The JSON of a claims challenge to answer.
    let claims: String?
    let environment: TokenEnvironment
    /// The file of a federated token was read again after it was refused.
    private var wasReadAgain = false
    /// What the last request had that must not be shown, should the endpoint repeat it.
    private var sent: [Secret] = []

    init(_ principal: ServicePrincipal, claims: String?, environment: TokenEnvironment) {
        (self.principal, self.claims, self.environment) = (principal, claims, environment)
    }

    mutating func begin(at now: TokenInstant) -> TokenMove {
        do throws(TokenFailure) {
            return .send(try request(at: now))
        } catch {
            return .failed(error, status: nil)
        }
    }

    mutating func read(_ answer: TokenAnswer, requestedAt: TokenInstant, at now: TokenInstant) -> TokenMove {
        if answer.status == 200 {
            return .reading { () throws(TokenFailure) in try answer.token(requestedAt: requestedAt) }
        }
        var failure = answer.failure(
            isRetryable: RetryRules.entra.isRetryable(answer.status), hiding: sent, at: now)
        if case .federated(let path) = principal.proof, !wasReadAgain, failure.isStaleFederation {
            // The platform may just have renewed the file; what was refused is not sent again.
            wasReadAgain = true
            failure.isRetryable = isRenewed(path)
        }
        return .failed(failure, status: answer.status)
    }

    /// The file at `path` holds another token than the one that was sent.
    private func isRenewed(_ path: String) -> Bool {
        guard let token = try? FederatedToken.read(path, environment), let last = sent.first else { return false }
        return token.withBytes { token in !last.withBytes { constantTimeEqual(token, $0) } }
    }

    func retryDelays(afterStatus status: Int?) -> [Duration] { RetryRules.entra.delays(afterStatus: status) }

    var unreachableAdvice: String? { "check `authority`, and that this machine reaches it" }

    private mutating func request(at now: TokenInstant) throws(TokenFailure) -> TokenRequest {
        var form = TokenForm()
        form.add("grant_type", "client_credentials")
        form.add("client_id", principal.clientID)
        form.add("scope", principal.scope.text)
        switch principal.proof {
        case .secret(let secret):
            sent = [secret]
            form.add("client_secret", secret)
        case .certificate(let assertion):
            let token = try signed(assertion, at: now)
            sent = [token]
            form.add("client_assertion_type", ClientAssertion.type)
            form.add("client_assertion", token)
        case .federated(let path):
            let token = try FederatedToken.read(path, environment)
            sent = [token]
            form.add("client_assertion_type", ClientAssertion.type)
            form.add("client_assertion", token)
        }
        if let claims = RequestedClaims.json(answering: claims, withCAE: principal.usesCAE) {
            form.add("claims", claims)
        }
        return TokenRequest(
            method: .post, url: principal.tokenURL, fields: [("Content-Type", .text(TokenForm.contentType))],
            body: form.body(), trust: principal.trust, connectTimeout: .seconds(10), totalTimeout: .seconds(30),
            isMetadata: false)
    }

    private func signed(_ assertion: ClientAssertion, at now: TokenInstant) throws(TokenFailure) -> Secret {
        do throws(SigningCertificateError) {
            return try assertion.signed(
                client: principal.clientID, audience: principal.tokenURL, at: now, random: environment.random)
        } catch {
            throw TokenFailure("the certificate \(error)", kind: .local)
        }
    }
}

extension TokenFailure {
    /// The platform's token has ended, or Entra does not know it yet.
    fileprivate var isStaleFederation: Bool {
        switch code {
        case "AADSTS70021", "AADSTS700211", "AADSTS700212", "AADSTS700213", "AADSTS700222", "AADSTS700223": true
        case _: false
        }
    }
}

/// What a token must hold beside what it always does (OpenID Connect Core §5.5).
enum RequestedClaims {
    /// What says that its bearer understands claims challenges (continuous access evaluation).
    private static let capability: (name: String, value: JSONValue) =
        ("xms_cc", .object([("values", .list([.text("CP1")]))]))

    /// The JSON to send, if any: `challenge`, with the capability in it when CAE is used.
    ///
    /// A challenge that is no JSON object is sent as it is: the authority says what is wrong with it.
    static func json(answering challenge: String?, withCAE usesCAE: Bool) -> String? {
        guard usesCAE else { return challenge }
        var members: [(name: String, value: JSONValue)] = []
        if let challenge {
            guard case .object(let asked)? = JSONParser.parse(challenge.utf8.span) else { return challenge }
            members = asked
        }
        var tokenClaims: [(name: String, value: JSONValue)] = []
        if let index = members.firstIndex(where: { $0.name == "access_token" }) {
            if case .object(let asked) = members[index].value { tokenClaims = asked }
            members.remove(at: index)
        }
        tokenClaims.removeAll { $0.name == capability.name }
        members.append(("access_token", .object(tokenClaims + [capability])))
        return JSONValue.object(members).written.withBytes { $0.text }
    }
}
