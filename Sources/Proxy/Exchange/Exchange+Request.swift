internal import Admission
internal import Bytes
internal import Credentials
internal import Crypto
internal import HTTP1
internal import Transport

// The client's side: a head is read, admitted and written anew.
extension Exchange {
    /// Reads on in the head; true once it is complete.
    mutating func readHead() throws(GatewayError) -> Bool {
        do throws(ParseError) {
            guard let length = try parser.parse(inbound, into: &head) else { return false }
            headLength = length
            return true
        } catch {
            keepClientRequestID()
            throw GatewayError(error)
        }
    }

    /// What the client calls its request; a line of it may have been read before one that is refused.
    private mutating func keepClientRequestID() {
        guard head.clientRequestIDField >= 0 else { return }
        clientRequestID = kept.keep(head.field(at: head.clientRequestIDField).value, of: inbound)
    }

    /// Copies what outlives the head.
    mutating func keepHead() {
        method = head.method
        isHTTP10 = head.version == .http10
        keepsConnection = head.isPersistent
        awaitsContinue = head.expectsContinue
        methodBytes = kept.keep(head.methodRange, of: inbound)
        clientTarget = kept.keep(head.rawTarget, of: inbound)
        if let host = head.host { clientHost = kept.keep(host, of: inbound) }
        keepClientRequestID()
        if head.contentDigestField >= 0 {
            // Whatever is no digest says nothing, and goes no further.
            declaredDigest = SHA256Digest(base64: inbound.bytes(head.field(at: head.contentDigestField).value))
        }
    }

    /// Decides whether the request may go on, and writes what goes: all but its body and what authorizes it.
    /// Gives `nil` for a request that the gateway answers itself (`OPTIONS *`).  `peer` is whose connection it came by.
    mutating func admit(
        at listener: Int, by generation: WorkerGeneration, from peer: ConnectionIdentity = .unknown
    ) throws(GatewayError) -> WorkerRoute? {
        self.generation = generation
        if head.hasUnknownExpectation {
            throw GatewayError(.expectationFailed, "Only `100-continue` can be expected.")
        }
        if method == .connect { throw GatewayError(.notImplemented, "CONNECT is not offered.", closes: true) }
        if head.target.form == .asterisk { return nil }
        let found = try findRoute(at: listener, in: generation)
        let route = found.settings
        self.route = found
        let admitted = try admit(to: route, from: peer)
        caller = admitted.caller
        if case .length(let length) = head.framing, length > route.bodyLimitBytes {
            throw GatewayError(.bodyTooLarge, "The body is larger than this route takes.", closes: true)
        }
        keyIndex = found.preference.keyIndex
        planBody(route)
        guard writeUnsignedHead(admitted, route) else {
            throw GatewayError(.internalError, "The request cannot be written without a second meaning.", closes: true)
        }
        return found
    }

    private mutating func findRoute(
        at listener: Int, in generation: WorkerGeneration
    ) throws(GatewayError) -> WorkerRoute {
        let router = generation.shared.router
        do throws(PathError) {
            try path.read(head.target.path, of: inbound)
        } catch {
            // A path that was spelled to mislead ends the connection (PA-2); `;` is only not taken (PA-6).
            throw GatewayError(.badRequest, error.sentence, closes: error != .parameters)
        }
        if let query = head.target.query, QueryRules.holdsCredential(inbound.bytes(query)) {
            throw GatewayError(.badRequest, "The query holds a credential.")
        }
        let query = RouteQuery(
            method: method, methodBytes: inbound.bytes(head.methodRange),
            host: inbound.bytes(head.hostName ?? .empty), listener: listener)
        if method == .trace || method == .track {
            throw GatewayError(
                .methodNotAllowed, "This method is never taken.",
                .methods(router.allowedMethods(query, at: path)))
        }
        switch router.decide(query, at: path) {
        case .route(let index): return generation.routes[index]
        case .methodNotAllowed:
            throw GatewayError(
                .methodNotAllowed, "No route takes this method here.",
                .methods(router.allowedMethods(query, at: path)))
        case .none: throw GatewayError(.noRoute, "No route takes this request.")
        }
    }

    private mutating func admit(
        to route: RouteSettings, from peer: ConnectionIdentity
    ) throws(GatewayError) -> AdmittedRequest {
        if route.credential.passesCallerAuthorization, !hasBearerToken() {
            throw GatewayError(.callerNotAuthenticated, "This route needs the caller's own bearer token.")
        }
        do throws(AdmissionError) {
            return try route.rules.admit(from: peer)
        } catch {
            switch error {
            case .notAuthenticated:
                throw GatewayError(.callerNotAuthenticated, "The request does not prove who calls.")
            case .notAllowed:
                throw GatewayError(.callerNotAllowed, "The caller may not use this route.")
            }
        }
    }

    /// Exactly one `Authorization: Bearer …` (a second line was refused by the parser) that goes on: `Connection` must
    /// not name it.
    private mutating func hasBearerToken() -> Bool {
        guard head.authorizationField >= 0 else { return false }
        let field = head.field(at: head.authorizationField)
        guard !field.isNominated else { return false }
        let value = inbound.bytes(field.value)
        guard value.count > 7, value.extracting(..<7).equalsIgnoringCase("bearer ") else { return false }
        return !ASCII.trimmed(value.extracting(7..<value.count)).isEmpty
    }

    /// The request as the resource will see it; only an ``AdmittedRequest`` gets here.
    private mutating func writeUnsignedHead(_ admitted: borrowing AdmittedRequest, _ route: RouteSettings) -> Bool {
        keepTarget(route)
        unsignedHead.append(methodBytes, of: kept)
        unsignedHead.append(" ")
        unsignedHead.append(target, of: kept)
        unsignedHead.append(" HTTP/1.1\r\nhost: ")
        unsignedHead.append(route.resource.hostField)
        unsignedHead.append("\r\n")
        return ForwardingRules.writeRequestFields(
            head, inbound, keepsAuthorization: route.credential.passesCallerAuthorization,
            alsoPass: route.resource.forwardFields, into: &unsignedHead)
    }

    /// The target as it is sent and signed: the client's bytes but for the route's rewrite and a lone `?`.
    private mutating func keepTarget(_ route: RouteSettings) {
        let raw = head.target.path
        let start = kept.count
        kept.append(route.rewrite.addedPrefix)
        let rest = ByteRange(start: raw.start + path.boundaries[route.strippedSegments].rawEnd, end: raw.end)
        if rest.isEmpty { kept.append("/") } else { kept.append(rest, of: inbound) }
        if let query = head.target.query, !query.isEmpty {
            kept.append("?")
            kept.append(query, of: inbound)
        }
        target = ByteRange(start: start, end: kept.count)
    }

    /// Drops the head from ``inbound`` and makes ready for the body behind it.
    mutating func takeHead(limits: HeadLimits) {
        decoder.begin(head.framing, limits: limits.rest(behind: headLength, fields: head.fieldCount))
        inbound.consume(headLength)
        headLength = 0
    }
}
