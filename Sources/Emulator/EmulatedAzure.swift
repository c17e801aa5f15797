/// All that the emulator is: a resource, and the endpoints that give tokens for it.
struct EmulatedAzure {
    private var resource: EmulatedResource
    private var tokenEndpoints: TokenEndpoints

    init(resource: EmulatedResource, tokenEndpoints: TokenEndpoints) {
        self.resource = resource
        self.tokenEndpoints = tokenEndpoints
    }

    /// What is answered to `request`.
    mutating func answer(to request: EmulatedRequest) -> EmulatedAnswer {
        tokenEndpoints.answer(to: request) ?? resource.answer(to: request)
    }

    /// What is answered to bytes that are no request.
    mutating func answer(toMalformed error: ServiceError) -> EmulatedAnswer { resource.answer(toMalformed: error) }

    /// Leaves nothing behind.
    mutating func close() { tokenEndpoints.close() }
}
