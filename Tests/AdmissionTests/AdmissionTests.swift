import Admission
import Testing

@Suite("Who may use a route")
struct AdmissionTests {
    @Test("a route for anyone admits a connection that proves nothing")
    func anyone() throws {
        let admitted = try AccessRules.anyone.admit(from: .unknown)
        #expect(admitted.caller == nil)
        #expect(admitted.peer == .unknown)
        #expect(admitted.peer.certificate == nil && admitted.peer.process == nil)
    }

    @Test("an admitted request knows whose connection it came by")
    func peer() throws {
        let process = PeerProcess(userID: 1042, groupID: 100, processID: 7)
        let admitted = try AccessRules.anyone.admit(from: ConnectionIdentity(process: process))
        #expect(admitted.peer.process == process)
        #expect(admitted.peer != .unknown)
    }
}
