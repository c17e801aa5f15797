internal import Crypto

/// A local Communication Services resource without a socket: requests in, answers out.
///
/// Its checks are as strict as the service's are known to be, and it does as little behind them as SDKs need in order
/// to work.  Time comes with the requests, randomness from outside; state is in memory, and all of it is bounded.
struct EmulatedResource {
    private let scheme: String
    private let behaviour: EmulatorBehaviour
    private let randomness: RandomBytes
    private let accessKeys: AccessKeyCheck
    private let tokens: EntraTokens
    private var identity: Identity
    private var sms: SMS
    private var email: Email
    private let phoneNumbers = PhoneNumbers()
    private var chat: Chat
    private var misbehaviour: Misbehaviour
    private var journal = RequestJournal()

    /// A resource with these access keys that believes `tokens` besides, empty at first; `scheme` (`https` or `http`)
    /// is how it is spoken to.
    init(
        accessKeys: [HMACKey], tokens: EntraTokens, scheme: String = "https",
        behaviour: EmulatorBehaviour = EmulatorBehaviour(), randomness: RandomBytes
    ) {
        self.scheme = scheme
        self.behaviour = behaviour
        self.randomness = randomness
        self.accessKeys = AccessKeyCheck(keys: accessKeys)
        self.tokens = tokens
        identity = Identity(randomness: randomness)
        sms = SMS(randomness: randomness)
        email = Email(behaviour, randomness: randomness)
        chat = Chat(randomness: randomness)
        misbehaviour = Misbehaviour(behaviour, randomness: randomness)
    }

    /// What is answered to `request`: who asks, what, and may it go on; then the work, the answer and a note of both.
    mutating func answer(to request: EmulatedRequest) -> EmulatedAnswer {
        if let answer = answerFromJournal(request) { return answer }
        let caller = identify(request)
        var answer: EmulatedAnswer
        do throws(ServiceError) {
            answer = try perform(request, by: caller)
        } catch {
            answer = error.answer
        }
        if case .failure(let fault) = caller {
            answer.fields.append(EmulatedField("x-acs-emulator-reason", fault.reason))
        }
        answer.fields += serviceFields(for: request)
        answer.delay = behaviour.latency
        journal.record(request, caller, status: answer.status)
        return answer
    }

    /// What is answered to bytes that are no request: they are counted in the journal.
    mutating func answer(toMalformed error: ServiceError) -> EmulatedAnswer {
        journal.countMalformed()
        return error.answer
    }

    // MARK: The steps

    /// Who asks: for Chat a user by a token, for all else an application by a token or the resource by a signature.
    private func identify(_ request: EmulatedRequest) -> Result<Caller, CredentialFault> {
        let path = (try? EmulatedTarget(request.target))?.path ?? []
        do throws(CredentialFault) {
            if Operation.isChat(path: path) { return .success(.user(try identity.verifyUser(request))) }
            if request.values(of: "authorization").contains(where: EntraTokens.isBearer) {
                return .success(.application(try tokens.verify(request)))
            }
            return .success(.resource(try accessKeys.verify(request)))
        } catch {
            return .failure(error)
        }
    }

    private mutating func perform(
        _ request: EmulatedRequest, by caller: Result<Caller, CredentialFault>
    ) throws(ServiceError) -> EmulatedAnswer {
        let target = try EmulatedTarget(request.target)
        let isChat = Operation.isChat(path: target.path)
        switch caller {
        case .failure(.digestDiffers): throw .digestDiffers
        case .failure(.insufficientClaims(let claims)): throw .insufficientClaims(claims)
        case .failure: throw isChat ? .unauthorizedUser : .denied
        case .success(let caller):
            try misbehaviour.refuse(atSeconds: request.receivedAtSeconds)
            let operation = try Operation(method: request.method, path: target.path)
            let version = try target.apiVersion()
            switch caller {
            case .resource, .application: return try perform(operation, request, target, version)
            case .user(let user): return try perform(operation, request, by: user)
            }
        }
    }

    /// The operations of the resource itself.
    private mutating func perform(
        _ operation: Operation, _ request: EmulatedRequest, _ target: EmulatedTarget, _ version: String
    ) throws(ServiceError) -> EmulatedAnswer {
        switch operation {
        case .createIdentity: try identity.create(request)
        case .issueToken(let user): try identity.issueToken(to: user, request)
        case .revokeTokens(let user): try identity.revokeTokens(of: user)
        case .deleteIdentity(let user): try identity.delete(user)
        case .sendSMS: try sms.send(request)
        case .sendEmail: try email.send(request, apiVersion: version, origin: origin(for: request))
        case .emailStatus(let operation): try email.status(of: operation)
        case .listPhoneNumbers: try phoneNumbers.list(target, apiVersion: version)
        case .phoneNumber(let number): try phoneNumbers.number(number)
        case .listChatThreads, .createChatThread: throw .unauthorizedUser
        }
    }

    /// The operations of a user.
    private mutating func perform(
        _ operation: Operation, _ request: EmulatedRequest, by user: VerifiedUser
    ) throws(ServiceError) -> EmulatedAnswer {
        switch operation {
        case .listChatThreads: return chat.list(for: user)
        case .createChatThread:
            let identity = identity
            return try chat.create(request, by: user, origin: origin(for: request), knows: identity.knows)
        case .createIdentity, .issueToken, .revokeTokens, .deleteIdentity, .sendSMS, .sendEmail, .emailStatus,
            .listPhoneNumbers, .phoneNumber:
            throw .denied
        }
    }

    /// The start of absolute links.
    private func origin(for request: EmulatedRequest) -> String {
        if let host = behaviour.publicHost { return "https://\(host)" }
        return "\(scheme)://\(request.values(of: "host").first ?? "")"
    }

    /// What the service puts on every answer; the client's request id only when it asks for it.
    private func serviceFields(for request: EmulatedRequest) -> [EmulatedField] {
        let id = UUIDText(from: randomness).description
        var fields = [EmulatedField("x-ms-request-id", id), EmulatedField("ms-cv", "\(id).0")]
        if request.values(of: "x-ms-return-client-request-id").first?.asciiLowercased == "true",
            let id = request.values(of: "x-ms-client-request-id").first
        {
            fields.append(EmulatedField("x-ms-client-request-id", id))
        }
        return fields
    }

    // MARK: The journal

    /// `GET` and `DELETE /_emulator/requests`: without credential, but from this machine only, and not noted itself.
    private mutating func answerFromJournal(_ request: EmulatedRequest) -> EmulatedAnswer? {
        guard request.target == "/_emulator/requests", request.peerIsLoopback else { return nil }
        switch request.method {
        case "GET": return EmulatedAnswer(status: 200, json: journal.page)
        case "DELETE":
            journal.clear()
            return EmulatedAnswer(status: 204)
        default: return ServiceError.methodNotAllowed(allowed: ["GET", "DELETE"]).answer
        }
    }
}

/// Who asks, with the proof of it.
enum Caller: Equatable {
    /// Whoever holds an access key.
    case resource(VerifiedSignature)
    /// An application of the directory, or a managed identity, that may use the resource.
    case application(VerifiedApplication)
    /// A user of Chat.
    case user(VerifiedUser)
}
