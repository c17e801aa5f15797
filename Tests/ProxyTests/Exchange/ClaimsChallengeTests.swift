import Testing

@testable import Proxy

@Suite("Challenges that ask for claims")
struct ClaimsChallengeTests {
    /// `{"access_token":{}}`
    static let claims = "eyJhY2Nlc3NfdG9rZW4iOnt9fQ"

    @Test(
        "one is found in every legal spelling (RFC 9110 §11.6.1)",
        arguments: [
            "Bearer error=\"insufficient_claims\", claims=\"\(claims)==\"",
            "Bearer error=\"insufficient_claims\",claims=\"\(claims)\"",
            "bearer claims=\"\(claims)\" , error=\"insufficient_claims\"",
            "Bearer realm=\"\", authorization_uri=\"https://x/,y\", error=insufficient_claims, claims=\(claims)",
            "Bearer ERROR = \"insufficient_claims\",\tClaims\t=\t\"\(claims)\"",
            "HMAC-SHA256, Bearer error=\"insufficient_claims\", claims=\"\(claims)\"",
            "Negotiate abc==, Bearer error=\"insufficient_claims\", claims=\"\(claims)\"",
            "Basic realm=\"a \\\" b\", Bearer error=\"insufficient\\_claims\", claims=\"\(claims)\", Digest",
            "Bearer error=\"invalid_token\", Bearer error=\"insufficient_claims\", claims=\"\(claims)\"",
        ])
    func found(value: String) {
        #expect(ClaimsChallenge.claims(in: value.utf8.span) == #"{"access_token":{}}"#)
    }

    @Test(
        "anything else is none",
        arguments: [
            "", "Bearer", "Bearer error=\"invalid_token\", claims=\"\(claims)\"", "Bearer claims=\"\(claims)\"",
            "Bearer error=\"insufficient_claims\"", "Bearer error=\"insufficient_claims\", claims=\"?\"",
            "Bearer error=\"insufficient_claims\", claims=\"YWJj\"", "Bearer error=\"insufficient_claims\", claims=\"",
            "Basic error=\"insufficient_claims\", claims=\"\(claims)\"",
            "Bearer xerror=\"insufficient_claims\", claims=\"\(claims)\"",
            "Bearer error=\"insufficient_claims\", Basic claims=\"\(claims)\"",
            "Bearer realm=\"error=\\\"insufficient_claims\\\", claims=\\\"\(claims)\\\"\"",
            "error=\"insufficient_claims\", claims=\"\(claims)\"",
            "Bearer error=\"insufficient_claims\", claims=\"\(claims)\", claims=\"\(claims)\"",
        ])
    func none(value: String) { #expect(ClaimsChallenge.claims(in: value.utf8.span) == nil) }
}
