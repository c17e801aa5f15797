/// The stable number of a kind of diagnostic; docs/manual/diagnostics.md has a paragraph for each.
///
/// `E` is an error, `W` a warning.  The first digit is the concern: 0 the file and its YAML, 1 the shape of values,
/// 2 names, 3 routes, 4 secrets and references, 5 listeners, 6 resources and credentials, 7 telemetry.
/// Rooms that decode or provision more (`Credentials`, `acs-gateway`) add theirs in an extension.
public struct DiagnosticID: Hashable, Sendable {
    /// `E101`.
    public let code: String

    /// A number; never reused once it was in a release.
    public init(_ code: String) {
        self.code = code
    }
}

/// E0xx: the file and its YAML.
extension DiagnosticID {
    /// The file cannot be read.
    public static let unreadableFile = DiagnosticID("E001")
    /// The file is larger than 4 MiB.
    public static let fileTooLarge = DiagnosticID("E002")
    /// A byte sequence is not UTF-8.
    public static let notUTF8 = DiagnosticID("E003")
    /// A control character: the file is binary or damaged.
    public static let controlCharacter = DiagnosticID("E004")
    /// A byte order mark, or UTF-16.
    public static let byteOrderMark = DiagnosticID("E005")
    /// Not YAML.
    public static let syntax = DiagnosticID("E006")
    /// Nothing in the file.
    public static let emptyFile = DiagnosticID("E007")
    /// More than one document.
    public static let severalDocuments = DiagnosticID("E008")
    /// Deeper than 64 levels.
    public static let tooDeep = DiagnosticID("E009")
    /// Aliases add more than 10 000 nodes.
    public static let aliasExpansion = DiagnosticID("E010")
    /// An alias of nothing, or of what it stands in.
    public static let unknownAlias = DiagnosticID("E011")
    /// A YAML tag.
    public static let tag = DiagnosticID("E012")
    /// A merge key, `<<`.
    public static let mergeKey = DiagnosticID("E013")
    /// A key that is not plain text.
    public static let badKey = DiagnosticID("E014")
    /// A line end that only some programs see.
    public static let hiddenLineBreak = DiagnosticID("E015")
}

/// E1xx: the shape of values.
extension DiagnosticID {
    /// A key that nothing reads.
    public static let unknownKey = DiagnosticID("E101")
    /// A key that stands twice in one mapping.
    public static let duplicateKey = DiagnosticID("E102")
    /// A key that must be there.
    public static let missingKey = DiagnosticID("E103")
    /// Text where a list is wanted, and so on.
    public static let wrongType = DiagnosticID("E104")
    /// A key without a value.
    public static let noValue = DiagnosticID("E105")
    /// A duration or size whose unit is missing or unknown.
    public static let badUnit = DiagnosticID("E106")
    /// A number, duration or size outside its bounds.
    public static let outOfRange = DiagnosticID("E107")
    /// A number with a leading zero, unquoted.
    public static let leadingZero = DiagnosticID("E108")
    /// `yes`, `on` and the like where `true` or `false` is wanted.
    public static let notBoolean = DiagnosticID("E109")
    /// Not one of the words that are allowed here.
    public static let notAChoice = DiagnosticID("E110")
    /// Text that does not have the form that is wanted.
    public static let badForm = DiagnosticID("E111")
    /// Keys that exclude each other, or of which one is needed.
    public static let keysConflict = DiagnosticID("E112")
    /// A setting that has no meaning at this place.
    public static let misplacedSetting = DiagnosticID("E113")
    /// A version of the language that this program does not read.
    public static let unknownVersion = DiagnosticID("E114")
    /// A list or map with too few or too many items.
    public static let badList = DiagnosticID("E115")
    /// One body may take more memory than all together.
    public static let memoryBeyondTotal = DiagnosticID("W101")
}

/// E2xx: names.
extension DiagnosticID {
    /// No listener has this name.
    public static let unknownListener = DiagnosticID("E201")
    /// No caller has this name.
    public static let unknownCaller = DiagnosticID("E202")
    /// No resource has this name.
    public static let unknownResource = DiagnosticID("E203")
    /// No credential has this name.
    public static let unknownCredential = DiagnosticID("E204")
    /// Not a name.
    public static let badName = DiagnosticID("E205")
    /// Two routes have one name.
    public static let duplicateRoute = DiagnosticID("E206")
}

/// E3xx: routes.
extension DiagnosticID {
    /// Earlier routes take every request of this one.
    public static let unreachableRoute = DiagnosticID("E301")
    /// A `match` that demands nothing.
    public static let emptyMatch = DiagnosticID("E302")
    /// A path that no request can have.
    public static let badPath = DiagnosticID("E303")
    /// `strip_prefix` is not what the route demands.
    public static let stripNotCovered = DiagnosticID("E304")
    /// A rewrite prefix that does not have its form.
    public static let badRewrite = DiagnosticID("E305")
    /// Not a method, or one that is never forwarded.
    public static let badMethod = DiagnosticID("E306")
    /// Not the name of a host.
    public static let badHost = DiagnosticID("E307")
    /// Parts of one `match` that exclude each other.
    public static let contradictoryMatch = DiagnosticID("E308")
    /// A route without `allow`.
    public static let noAllow = DiagnosticID("E309")
    /// Everyone may use a route that others than this machine can reach.
    public static let anonymousExposed = DiagnosticID("W301")
}

/// E4xx: secrets and references.
extension DiagnosticID {
    /// A secret stands in the file itself.
    public static let inlineSecret = DiagnosticID("E401")
    /// In a secret field the reference must be the whole value.
    public static let partialSecret = DiagnosticID("E402")
    /// A secret that is empty.
    public static let emptySecret = DiagnosticID("E403")
    /// `${` that is not a reference.
    public static let badReference = DiagnosticID("E404")
    /// An environment variable that is not set.
    public static let unsetVariable = DiagnosticID("E405")
    /// A referenced file that cannot be read.
    public static let unreadableReference = DiagnosticID("E406")
    /// A default for a secret.
    public static let secretDefault = DiagnosticID("E407")
    /// A referenced file that is not text.
    public static let referenceNotText = DiagnosticID("E408")
    /// Secrets may stand in the file.
    public static let inlineSecretsAllowed = DiagnosticID("W401")
    /// Others can read the file of a secret.
    public static let readableByOthers = DiagnosticID("W402")
}

/// E5xx: listeners.
extension DiagnosticID {
    /// Not an address to listen at.
    public static let badBind = DiagnosticID("E501")
    /// Two listeners with one address.
    public static let sameBind = DiagnosticID("E502")
    /// Plain HTTP where others than this machine can reach it.
    public static let plaintextExposed = DiagnosticID("E503")
    /// Not permission bits.
    public static let badMode = DiagnosticID("E504")
    /// A setting that this kind of listener does not have.
    public static let listenerSetting = DiagnosticID("E505")
    /// A file that a setting names cannot be read.
    public static let unreadableFileSetting = DiagnosticID("E506")
}

/// E6xx: resources and credentials.
extension DiagnosticID {
    /// Not an origin.
    public static let badOrigin = DiagnosticID("E601")
    /// Plain HTTP to a host that is not this machine.
    public static let plaintextUpstream = DiagnosticID("E602")
    /// A resource without a credential.
    public static let noCredential = DiagnosticID("E603")
    /// A field that may not be forwarded.
    public static let badForwardField = DiagnosticID("E604")
    /// `tls` where none is spoken.
    public static let tlsWithoutHTTPS = DiagnosticID("E605")
    /// Not a proxy that requests can go through.
    public static let badProxy = DiagnosticID("E606")
}
