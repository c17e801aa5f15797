internal import ConfigDSL
internal import Crypto

/// Where a managed identity's tokens come from: one platform of Azure's.
///
/// Each is one file; ``IdentitySourceName`` lists them.
protocol IdentitySource: Sendable {
    /// Reads what the platform left in the environment, and tells what is missing; `nil` when something is.
    init?(_ request: IdentityRequest, _ surroundings: inout PlatformReader)

    /// What makes a difference for the token, beside the request itself.
    var identity: [TokenIdentity.Part] { get }

    /// One fetch; `refusal` is of the token that it replaces, if there was one.
    func conversation(after refusal: TokenRefusal?, _ environment: TokenEnvironment) -> any TokenConversation
}

/// The sources by their names in a configuration.
enum IdentitySourceName: String, CaseIterable {
    case imds
    case appService = "app_service"
    case azureArc = "azure_arc"
    case cloudShell = "cloud_shell"
    case serviceFabric = "service_fabric"
    case azureML = "azure_ml"

    var type: any IdentitySource.Type {
        switch self {
        case .imds: InstanceMetadata.self
        case .appService: AppService.self
        case .azureArc: AzureArc.self
        case .cloudShell: CloudShell.self
        case .serviceFabric: ServiceFabric.self
        case .azureML: MachineLearning.self
        }
    }

    /// The first platform whose variables are there; `nil` when `IDENTITY_ENDPOINT` stands alone, which fits none.
    static func detected(_ variable: (String) -> String?) -> IdentitySourceName? {
        func has(_ name: String) -> Bool { variable(name) != nil }
        if has("IDENTITY_ENDPOINT") {
            if has("IDENTITY_HEADER") { return has("IDENTITY_SERVER_THUMBPRINT") ? .serviceFabric : .appService }
            return has("IMDS_ENDPOINT") ? .azureArc : nil
        }
        if has("MSI_ENDPOINT") { return has("MSI_SECRET") ? .azureML : .cloudShell }
        return .imds
    }
}

/// Whose token is wanted, and for what.
struct IdentityRequest: Sendable {
    /// Which of a machine's identities.
    enum Selector: Sendable {
        /// The one that belongs to the machine itself.
        case system
        case client(String)
        case object(String)
        case resource(String)
    }

    let selector: Selector
    let scope: TokenScope

    /// The query or form fields that most platforms take, with the name that this one has for a resource's identifier.
    func items(version: String, resourceName: String) -> [(name: String, value: String)] {
        var items = [(name: "api-version", value: version), (name: "resource", value: scope.resource)]
        if let chosen = selected(resourceName: resourceName) { items.append(chosen) }
        return items
    }

    /// The field that names a user-assigned identity.
    func selected(resourceName: String) -> (name: String, value: String)? {
        switch selector {
        case .system: nil
        case .client(let id): ("client_id", id)
        case .object(let id): ("object_id", id)
        case .resource(let id): (resourceName, id)
        }
    }
}

/// What a source reads of the configuration and of the platform's environment.
struct PlatformReader {
    /// For diagnostics.
    var fields: FieldReader
    /// What `endpoint` says.
    let endpoint: TokenURL?
    /// What `arc_token_directory` says, with a slash at its end.
    let arcTokenDirectory: String?
    /// Where diagnostics about the platform go.
    let place: SourcePlace

    /// An environment variable of the platform; one that is empty counts as unset.
    func variable(_ name: String) -> String? {
        let value = fields.context.environment.variable(name)
        return value == "" ? nil : value
    }

    /// A variable that must be there; told when it is not.
    mutating func required(_ name: String) -> String? {
        if let value = variable(name) { return value }
        tell("environment variable `\(name)` is not set", help: "the platform sets it; `source` may name another one")
        return nil
    }

    /// A secret variable that goes into a field line, and must be there.
    mutating func requiredSecret(_ name: String) -> Secret? {
        guard let value = required(name) else { return nil }
        guard value.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            tell("environment variable `\(name)` has a character that no field of a request can have", help: nil)
            return nil
        }
        return Secret(copying: value)
    }

    /// What `endpoint` says, else the address in the variable `name`.
    mutating func url(from name: String) -> TokenURL? {
        if let endpoint { return endpoint }
        guard let text = required(name) else { return nil }
        do throws(ValueError) {
            let url = try TokenURL(text)
            try url.checkPlaintext()
            return url
        } catch {
            tell("the address in environment variable `\(name)` \(error.message)", help: error.help)
            return nil
        }
    }

    /// This source has one identity only, which the platform has chosen.
    mutating func refuseSelector(_ request: IdentityRequest, because reason: String) -> Bool {
        guard case .system = request.selector else {
            let key = ["client_id", "object_id", "resource_id"].first(where: fields.has) ?? "client_id"
            fields.report(
                .sourceSetting, "`\(key)` cannot be set with this source: \(reason)", at: fields.place(of: key),
                help: "leave it out")
            return false
        }
        return true
    }

    mutating func tell(_ message: String, help: String?) {
        fields.report(.noPlatform, message, at: place, help: help)
    }
}

extension TokenURL {
    /// Plain HTTP is spoken to this machine and within its network, where all platforms' endpoints are.
    func checkPlaintext() throws(ValueError) {
        guard origin.scheme == .https || origin.isNearby else {
            throw ValueError(
                .badTokenURL, "is plain HTTP to a machine that is not nearby",
                help: "write `https://`, or an address of this machine or its network")
        }
    }
}
