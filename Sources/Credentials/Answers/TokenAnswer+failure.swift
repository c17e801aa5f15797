internal import Bytes
internal import Crypto
internal import HTTP1

/// Reading what went wrong out of an answer.
extension TokenAnswer {
    /// More of an endpoint's own words is not shown.
    private static let wordsLimit = 200

    /// What this answer, which holds no token, says.
    ///
    /// - Parameters:
    ///   - isRetryable: whether its status says that trying again may help.
    ///   - secrets: what the request had that must not be shown, should the endpoint repeat it.
    func failure(isRetryable: Bool, hiding secrets: [Secret], at now: TokenInstant) -> TokenFailure {
        // In a form or a query they stood encoded.
        let words = EndpointWords(json, hiding: secrets + secrets.map(PercentEncoding.secret))
        var sentence = "the token endpoint answered \(status)"
        if let error = words.error { sentence += " `\(error)`" }
        if let code = words.code { sentence += " (\(code))" }
        if let description = words.description { sentence += ": \(description)" }
        return TokenFailure(
            code: words.code ?? words.error, sentence, advice: words.code.flatMap(EntraAdvice.advice),
            isRetryable: isRetryable, retryAfter: retryAfter(at: now), traceID: words.traceID,
            correlationID: words.correlationID, kind: .refused)
    }

    /// How long the endpoint wants to be left alone: seconds or a date (RFC 9110 §10.2.3).
    private func retryAfter(at now: TokenInstant) -> Duration? {
        let field = fields.first { $0.name.utf8.span.equalsIgnoringCase("retry-after") }
        guard let field else { return nil }
        let value = ASCII.trimmed(field.value.utf8.span)
        if value.count > 0, value.count <= 9, value.indices.allSatisfy({ ASCII.isDigit(value[$0]) }) {
            return Int(value.text).map { .seconds($0) }
        }
        return HTTPDate.parse(value).map { .seconds(max(0, $0 - Int(now.unixSeconds))) }
    }

    /// The parts of an error that are worth telling, in whichever of the known forms it came:
    /// `{"error":"…","error_description":"…","error_codes":[…]}` of Entra and of the instance metadata service,
    /// `{"statusCode":…,"message":"…"}` of App Service, `{"error":{"code":"…","message":"…"}}` of Service Fabric.
    private struct EndpointWords {
        var error: String?
        var code: String?
        var description: String?
        var traceID: String?
        var correlationID: String?

        init(_ answer: JSONValue?, hiding secrets: [Secret]) {
            guard let answer else { return }
            let inner = answer["error"]?["code"] == nil ? answer : answer["error"] ?? answer
            let words = answer["error_description"] ?? inner["message"]
            error = Self.shown((answer["error"]?.text).map { JSONValue.text($0) } ?? inner["code"], hiding: secrets)
            description = Self.shown(words, hiding: secrets)
            traceID = Self.identifier(answer["trace_id"])
            correlationID = Self.identifier(
                answer["correlation_id"] ?? inner["correlationId"] ?? answer["correlationId"])
            code = Self.code(answer, description)
            // Said already.
            if let code, let text = description, text.hasPrefix("\(code): ") {
                description = String(text.dropFirst(code.count + 2))
            }
        }

        /// `AADSTS` and the number, from the list of codes or from the front of the words.
        private static func code(_ answer: JSONValue, _ description: String?) -> String? {
            if case .list(let codes)? = answer["error_codes"], let number = codes.first?.integer {
                return "AADSTS\(number)"
            }
            guard let description, description.hasPrefix("AADSTS") else { return nil }
            let digits = description.dropFirst(6).prefix { $0.isASCII && $0.isNumber }
            return digits.isEmpty ? nil : "AADSTS\(digits)"
        }

        /// One short line: what follows is trace numbers, told apart, and a clock.
        private static func shown(_ value: JSONValue?, hiding secrets: [Secret]) -> String? {
            guard let value, case .string(let words) = value else { return nil }
            let isLeak = secrets.contains { secret in
                secret.withBytes { secret in words.withBytes { $0.contains(secret) } }
            }
            guard !isLeak else { return "(it repeats a secret, and is not shown)" }
            var text = words.withBytes { $0.text }
            if let end = text.firstRange(of: "Trace ID:") { text = String(text[..<end.lowerBound]) }
            let scalars = text.unicodeScalars.prefix(TokenAnswer.wordsLimit).map { scalar in
                scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar
            }
            text = String(String.UnicodeScalarView(scalars))
            while let last = text.last, last == " " || last == "." { text.removeLast() }
            return text.isEmpty ? nil : text
        }

        /// A UUID or the like.
        private static func identifier(_ value: JSONValue?) -> String? {
            guard let text = value?.text, 1...64 ~= text.utf8.count else { return nil }
            let isPlain = text.utf8.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == 0x2D }
            return isPlain ? text : nil
        }
    }
}

extension Span where Element == UInt8 {
    /// True when `other`, of some length, stands somewhere in it.
    fileprivate func contains(_ other: Span<UInt8>) -> Bool {
        guard other.count > 0, count >= other.count else { return false }
        return (0...count - other.count).contains { extracting($0..<$0 + other.count).equals(other) }
    }
}
