internal import Bytes

/// What a request target asks for: the path's segments and the query, each decoded once.
///
/// Empty segments are skipped, as the service does: it hands out `//emails/operations/…` itself.
struct EmulatedTarget: Equatable {
    /// The path's non-empty segments, decoded.
    let path: [String]
    /// The query's pairs in order, decoded; `+` is a space.
    let query: [EmulatedField]

    /// The parts of `target`; 400 for anything but origin-form with well-formed escapes.
    init(_ target: String) throws(ServiceError) {
        guard target.utf8.first == UInt8(ascii: "/") else { throw .badRequest("The request target is not a path.") }
        let halves = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var path: [String] = []
        for segment in halves[0].split(separator: "/") {
            path.append(try FormText.decoded(segment, plusIsSpace: false))
        }
        self.path = path
        query = try halves.count > 1 ? FormText.pairs(halves[1]) : []
    }

    /// The value of the query parameter `name`: `nil` without one, 400 when it stands twice.
    func parameter(_ name: String) throws(ServiceError) -> String? {
        let values = query.filter { $0.name == name }.map(\.value)
        guard values.count <= 1 else { throw .badRequest("The query parameter `\(name)` stands more than once.") }
        return values.first
    }

    /// The `api-version`, which every call needs; 400 when it is missing or is not `YYYY-MM-DD` with a suffix or none.
    func apiVersion() throws(ServiceError) -> String {
        guard let version = try parameter("api-version"), !version.isEmpty else {
            throw .badRequest(
                "The api-version query parameter (?api-version=) is required for all requests.",
                code: "MissingApiVersionParameter")
        }
        let shape = version.utf8.prefix(10).map { ASCII.isDigit($0) ? UInt8(ascii: "9") : $0 }
        let suffix = version.utf8.dropFirst(10)
        guard shape == Array("9999-99-99".utf8), suffix.isEmpty || suffix.first == UInt8(ascii: "-"),
            // It is repeated in links, so nothing that could break a field or a query may pass.
            suffix.allSatisfy({ ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == UInt8(ascii: "-") })
        else {
            throw .badRequest(
                "The api-version query parameter is not a version of this service.",
                code: "UnsupportedApiVersionValue")
        }
        return version
    }
}
