/// What to do about the errors of Microsoft Entra ID that operators meet.
///
/// The numbers are for people and no contract (Microsoft identity platform, "Microsoft Entra authentication and
/// authorization error codes"): nothing is decided by them.
enum EntraAdvice {
    /// What to do about `code`, such as `AADSTS7000215`; `nil` when we know nothing better than the sentence itself.
    static func advice(_ code: String) -> String? {
        switch code.dropFirst(6) {
        case "7000215": "`client_secret` is wrong: it takes the secret's value, not its ID"
        case "7000222": "the client secret has expired: make a new one for the app registration"
        case "700027": "upload the certificate to the app registration, or check that its key is the right one"
        case "700024": "the assertion's time is wrong: check this machine's clock"
        case "700016": "no app with this `client_id` is in this tenant: check `client_id` and `tenant_id`"
        case "90002": "there is no such tenant: check `tenant_id` and `authority`"
        case "500011":
            "the tenant does not know the resource in `scope`; for Communication Services it ends in `//.default`, and "
                + "`az ad sp create --id 1fd5118e-2576-4263-8130-9503064c837a` makes it known"
        case "70011": "`scope` is wrong: for Communication Services it ends in `//.default`, with two slashes"
        case "70021", "700211", "700212", "700213":
            "no federated credential of the app fits the token file: compare issuer, subject and audience; a new one "
                + "takes minutes to work"
        case "700222", "700223": "the token in `federated_token_file` has expired: see why nobody renews it"
        case "50196": "the app asks for tokens in a loop: see who else uses this `client_id`"
        case "53003": "conditional access refuses the app: its policies must allow this machine's address"
        case _: nil
        }
    }
}
