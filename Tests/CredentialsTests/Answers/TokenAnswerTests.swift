import Crypto
import Testing

@testable import Credentials

@Suite("Answers of token endpoints")
struct TokenAnswerTests {
    static let start = TokenInstant(nanoseconds: 5_000_000_000, unixSeconds: 1_560_999_000)

    static func answer(_ status: Int, _ body: String, _ fields: [(String, String)] = []) -> TokenAnswer {
        TokenAnswer(status: status, fields: fields.map { (name: $0.0, value: $0.1) }, body: Array(body.utf8))
    }

    @Test(
        "a token's life is counted from the request, however it is written",
        arguments: [
            (#""expires_in":3599"#, 3599), (#""expires_in":"3599""#, 3599),
            (#""expires_in":3599,"expires_on":1"#, 3599), (#""expires_on":1561002600"#, 3600),
            (#""expires_on":"1561002600""#, 3600), (#""expires_on":"06/20/2019 03:50:00 +00:00""#, 3600),
            (#""expires_on":"6/20/2019 3:50:00 AM +00:00""#, 3600), (#""expires_in":99999999999"#, 366 * 86_400),
        ])
    func lifetime(member: String, seconds: Int) throws {
        let token = try Self.answer(200, "{\"access_token\":\"t\",\(member)}").token(requestedAt: Self.start)
        #expect(token.requestedAt == Self.start)
        #expect(token.expiresAt == Self.start.advanced(by: .seconds(seconds)))
        #expect(token.text == "t")
    }

    @Test("a point on the wall clock is that point, whenever within a second was asked")
    func expiresOn() throws {
        var late = Self.start
        late.unixNanoseconds += 900_000_000
        let token = try Self.answer(200, #"{"access_token":"t","expires_on":1561002600}"#).token(requestedAt: late)
        #expect(token.expiresAt.unixNanoseconds == 1_561_002_600_000_000_000)
    }

    @Test(
        "an answer without a usable token is a failure",
        arguments: [
            ("", "is not JSON"), ("<html>", "is not JSON"), ("[]", "no usable `access_token`"),
            (#"{"expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":"","expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":5,"expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":"a b","expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":"a\r\nx: y","expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":"ä","expires_in":1}"#, "no usable `access_token`"),
            (#"{"access_token":"t","token_type":"pop","expires_in":1}"#, "no bearer token"),
            (#"{"access_token":"t"}"#, "when the token ends"),
            (#"{"access_token":"t","expires_in":"soon"}"#, "when the token ends"),
            (#"{"access_token":"t","expires_on":"20.6.2019"}"#, "when the token ends"),
            (#"{"access_token":"t","expires_in":0}"#, "has ended already"),
            (#"{"access_token":"t","expires_in":-5}"#, "has ended already"),
            (#"{"access_token":"t","expires_on":1560999000}"#, "has ended already"),
            (#"{"access_token":"t","expires_on":-999999999}"#, "has ended already"),
        ])
    func unusable(body: String, expected: String) {
        #expect {
            _ = try Self.answer(200, body).token(requestedAt: Self.start)
        } throws: { error in
            (error as? TokenFailure)?.sentence.contains(expected) == true
        }
        let long = String(repeating: "a", count: TokenAnswer.tokenLimitBytes + 1)
        #expect(throws: TokenFailure.self) {
            try Self.answer(200, "{\"access_token\":\"\(long)\",\"expires_in\":9}").token(requestedAt: Self.start)
        }
    }

    @Test(
        "what went wrong is told from every kind of answer",
        arguments: [
            (
                400, #"{"error":"invalid_request","error_description":"Identity not found"}"#, "invalid_request",
                "the token endpoint answered 400 `invalid_request`: Identity not found"
            ),
            (
                401,
                #"{"error":"invalid_client","error_description":"AADSTS7000215: Wrong. Trace ID: x","error_codes":"#
                    + "[7000215]}",
                "AADSTS7000215", "the token endpoint answered 401 `invalid_client` (AADSTS7000215): Wrong"
            ),
            (
                400, #"{"error":"invalid_scope","error_description":"AADSTS70011: The scope.\r\nTrace ID: x"}"#,
                "AADSTS70011", "the token endpoint answered 400 `invalid_scope` (AADSTS70011): The scope"
            ),
            (
                400, #"{"statusCode":400,"message":"No identity.","correlationId":"x"}"#, nil,
                "the token endpoint answered 400: No identity"
            ),
            (
                404, #"{"error":{"code":"ManagedIdentityNotFound","message":"None."}}"#, "ManagedIdentityNotFound",
                "the token endpoint answered 404 `ManagedIdentityNotFound`: None"
            ),
            (502, "<html>", nil, "the token endpoint answered 502"),
            (302, "", nil, "the token endpoint answered 302"),
        ] as [(Int, String, String?, String)])
    func failures(status: Int, body: String, code: String?, sentence: String) {
        let failure = Self.answer(status, body).failure(isRetryable: false, hiding: [], at: Self.start)
        #expect(failure.code == code)
        #expect(failure.sentence == sentence)
    }

    @Test("an endpoint's words are short, on one line, and no secret of ours")
    func words() {
        let long = String(repeating: "x", count: 5_000)
        let bounded = Self.answer(400, "{\"error\":\"e\",\"error_description\":\"a\\nb\(long)\"}")
        #expect(bounded.failure(isRetryable: false, hiding: [], at: Self.start).sentence.utf8.count < 300)
        let echo = Self.answer(400, #"{"error":"e","error_description":"client_secret=swordfish is wrong"}"#)
        let failure = echo.failure(isRetryable: false, hiding: [Secret(copying: "swordfish")], at: Self.start)
        #expect(!failure.description.contains("swordfish"))
    }

    @Test("each number that operators meet has advice that names the cure")
    func advice() {
        for (code, word) in [
            ("7000215", "client_secret"), ("7000222", "expired"), ("700027", "certificate"), ("700024", "clock"),
            ("700016", "client_id"), ("90002", "tenant_id"), ("500011", "//.default"), ("70011", "//.default"),
            ("700211", "federated"), ("700222", "federated_token_file"), ("53003", "conditional access"),
        ] {
            #expect(EntraAdvice.advice("AADSTS\(code)")?.contains(word) == true, "\(code)")
        }
        #expect(EntraAdvice.advice("AADSTS1") == nil)
    }

    @Test(
        "an endpoint that wants to be left alone says so in seconds or by a date",
        arguments: [
            ("3", .seconds(3)), (" 120 ", .seconds(120)), ("Thu, 20 Jun 2019 02:51:00 GMT", .seconds(60)),
            ("Thu, 20 Jun 2019 02:49:00 GMT", .zero), ("soon", nil), ("-1", nil), ("", nil), ("9999999999", nil),
        ] as [(String, Duration?)])
    func retryAfter(value: String, expected: Duration?) {
        let answer = Self.answer(429, "", [("retry-after", value)])
        #expect(answer.failure(isRetryable: true, hiding: [], at: Self.start).retryAfter == expected)
    }

    @Test(
        "dates of Azure Machine Learning",
        arguments: [
            ("06/20/2019 02:57:58 +00:00", 1_560_999_478), ("1/16/2020 5:24:12 AM +00:00", 1_579_152_252),
            ("1/16/2020 12:00:00 AM +00:00", 1_579_132_800), ("1/16/2020 12:00:00 PM +00:00", 1_579_176_000),
            ("1/16/2020 5:24:12 PM +00:00", 1_579_195_452), ("06/20/2019 02:57:58 +01:30", 1_560_994_078),
            ("06/20/2019 02:57:58 -01:00", 1_561_003_078), ("02/29/2020 00:00:00 +00:00", 1_582_934_400),
            ("02/29/2019 00:00:00 +00:00", nil), ("13/01/2019 00:00:00 +00:00", nil),
            ("06/20/2019 24:00:00 +00:00", nil),
            ("06/20/2019 02:60:00 +00:00", nil), ("06/20/2019 13:00:00 PM +00:00", nil),
            ("06/20/2019 0:00:00 AM +00:00", nil), ("06/20/2019 02:57:58", nil), ("06/20/2019 02:57:58 Z", nil),
            ("06/20/2019  02:57:58 +00:00", nil), ("06/20/19 02:57:58 +00:00", nil), ("", nil), (" ", nil),
        ] as [(String, Int?)])
    func dates(text: String, expected: Int?) {
        #expect(TextDate.parse(text) == expected)
    }

    @Test(
        "an endpoint that repeats a secret is not quoted, in whatever form it was sent",
        arguments: ["a+b/c=", "a%2Bb%2Fc%3D"])
    func repeatedSecret(form: String) {
        let answer = Self.answer(400, #"{"error":"invalid_request","error_description":"you sent \#(form)!"}"#)
        let failure = answer.failure(isRetryable: false, hiding: [Secret(copying: "a+b/c=")], at: second(0))
        #expect(!failure.sentence.contains(form) && failure.sentence.contains("repeats a secret"))
        #expect(failure.sentence.contains("invalid_request"))
    }
}
