import Bytes
import Crypto
import Glibc

/// A client and a server that talk to each other in memory, each hearing the other in pieces of a given size.
final class TLSPair {
    let client: TLSConnection
    let server: TLSConnection
    /// What each side has decrypted, and how far it has come.
    var clientHeard: [UInt8] = []
    var serverHeard: [UInt8] = []
    var clientProgress = TLSProgress.handshaking
    var serverProgress = TLSProgress.handshaking
    /// Ciphertext on its way.
    var toServer = ByteBuffer()
    var toClient = ByteBuffer()
    /// How many bytes each side hears at once.
    var pieceBytes = Int.max

    init(
        _ clientContext: TLSContext, _ serverContext: TLSContext, name: String = "localhost", session: TLSSession? = nil
    )
        throws
    {
        client = try TLSConnection(client: clientContext, serverName: name, session: session)
        server = try TLSConnection(server: serverContext)
    }

    /// Starts the client and runs until nothing is on its way.
    func shakeHands() throws {
        try client.start(outgoing: &toServer)
        try run()
    }

    /// Carries bytes between both until nothing is on its way; throws what the server or the client throws.
    func run() throws {
        while toServer.count > 0 || toClient.count > 0 {
            if toServer.count > 0 {
                serverProgress = try Self.hear(server, &toServer, pieceBytes, &serverHeard, &toClient)
            }
            if toClient.count > 0 {
                clientProgress = try Self.hear(client, &toClient, pieceBytes, &clientHeard, &toServer)
            }
        }
    }

    /// Gives `side` all of `incoming`, piece by piece.
    static func hear(
        _ side: TLSConnection, _ incoming: inout ByteBuffer, _ pieceBytes: Int, _ heard: inout [UInt8],
        _ outgoing: inout ByteBuffer
    ) throws -> TLSProgress {
        var progress = TLSProgress.handshaking
        var plaintext = ByteBuffer()
        while incoming.count > 0 {
            var piece = ByteBuffer()
            let count = min(pieceBytes, incoming.count)
            piece.append(incoming.span.extracting(first: count))
            incoming.consume(count)
            progress = try side.receive(&piece, plaintext: &plaintext, outgoing: &outgoing)
            precondition(piece.count == 0, "all of the ciphertext is taken in")
        }
        heard += plaintext.span.array
        return progress
    }
}

/// An authority, what it vouches for, and contexts of both sides.
struct TestPKI: Sendable {
    let authority: PEM
    let server: TLSIdentity
    let client: TLSIdentity

    /// Valid now, for localhost, both loopback addresses and `*.example.com`, unless said otherwise.
    init(valid: DevelopmentAuthority.Validity = .thirtyDays(from: TestPKI.now)) throws {
        let ca = try DevelopmentAuthority(valid: .thirtyDays(from: Self.now))
        authority = ca.certificate
        server = try ca.issue(for: ["localhost", "127.0.0.1", "::1", "*.example.com"], valid: valid)
        client = try ca.issue(
            for: ["billing.example.com", "spiffe://corp/ns/billing/sa/notifier"], purpose: .client, valid: valid)
    }

    /// OpenSSL asks the system's clock, so certificates must be made by it.
    static var now: Int { time(nil) }

    func serverContext(
        _ version: TLSContext.Version = .tls12, newest: TLSContext.Version = .tls13,
        clients: TLSContext.ClientCertificates = .none
    ) throws -> TLSContext {
        try TLSContext(server: server, minimumVersion: version, maximumVersion: newest, clients: clients)
    }

    func clientContext(
        _ version: TLSContext.Version = .tls12, newest: TLSContext.Version = .tls13, identity: TLSIdentity? = nil
    ) throws -> TLSContext {
        try TLSContext(
            trusting: .only(authority), minimumVersion: version, maximumVersion: newest, identity: identity)
    }

    func pair(name: String = "localhost", session: TLSSession? = nil) throws -> TLSPair {
        try TLSPair(clientContext(), serverContext(), name: name, session: session)
    }
}
