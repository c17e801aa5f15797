/// A place that gives an identity to what runs there, with the ways of its own endpoint.
///
/// Source: "How to use managed identities to get an access token", and the pages of each service; what azure-identity
/// sends (recorded).
enum ManagedIdentitySource: String, CaseIterable, Codable {
    case imds
    case appService = "app_service"
    case azureArc = "azure_arc"
    case cloudShell = "cloud_shell"
    case azureML = "azure_ml"
    case serviceFabric = "service_fabric"

    /// The source at `path` (decoded segments), if there is one.  Only IMDS has its real path: those of the others are
    /// the same as its, or differ from machine to machine.
    init?(path: [String]) {
        let path = path.map(\.asciiLowercased).joined(separator: "/")
        guard let source = Self.allCases.first(where: { $0.path == path }) else { return nil }
        self = source
    }

    /// The path without its slash.
    var path: String {
        switch self {
        case .imds: "metadata/identity/oauth2/token"
        case .appService: "app-service/msi/token"
        case .azureArc: "azure-arc/metadata/identity/oauth2/token"
        case .cloudShell: "cloud-shell/oauth2/token"
        case .azureML: "azure-ml/msi/token"
        case .serviceFabric: "service-fabric/metadata/identity/oauth2/token"
        }
    }

    var method: String { self == .cloudShell ? "POST" : "GET" }

    /// The versions that are answered; none is asked for in Cloud Shell.
    var apiVersions: [String] {
        switch self {
        case .imds: ["2018-02-01"]
        case .appService: ["2019-08-01"]
        case .azureArc: ["2019-11-01", "2020-06-01"]
        case .cloudShell: []
        case .azureML: ["2017-09-01"]
        case .serviceFabric: ["2019-07-01-preview"]
        }
    }

    /// The field, in lower case, that must hold the identity header; elsewhere it is `metadata: true`.
    var secretField: String? {
        switch self {
        case .appService: "x-identity-header"
        case .azureML, .serviceFabric: "secret"
        case .imds, .azureArc, .cloudShell: nil
        }
    }

    /// The parameters that choose a user-assigned identity, and what they mean.
    var selectors: [String: KeyPath<EmulatedIdentity, String>] {
        switch self {
        case .imds, .azureArc: ["client_id": \.clientID, "object_id": \.objectID, "msi_res_id": \.resourceID]
        case .appService: ["client_id": \.clientID, "object_id": \.objectID, "mi_res_id": \.resourceID]
        case .azureML: ["clientid": \.clientID]
        case .cloudShell, .serviceFabric: [:]
        }
    }
}

/// A managed identity of the emulated directory.
struct EmulatedIdentity: Equatable {
    var clientID: String
    var objectID: String
    var resourceID: String

    /// The one that a machine has by itself.
    static let system = EmulatedIdentity(
        clientID: "aaaaaaaa-0000-4000-8000-000000000001", objectID: "aaaaaaaa-0000-4000-8000-000000000002",
        resourceID: "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/emulator/providers/"
            + "Microsoft.Compute/virtualMachines/emulator")
    /// The one that is assigned to it.
    static let userAssigned = EmulatedIdentity(
        clientID: "bbbbbbbb-0000-4000-8000-000000000001", objectID: "bbbbbbbb-0000-4000-8000-000000000002",
        resourceID: "/subscriptions/00000000-0000-4000-8000-000000000000/resourceGroups/emulator/providers/"
            + "Microsoft.ManagedIdentity/userAssignedIdentities/emulator")
    /// The directory that both belong to.
    static let tenant = "11111111-2222-3333-4444-555555555555"
}
