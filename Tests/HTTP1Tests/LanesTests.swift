import Testing

@testable import HTTP1

@Suite("Eight bytes at a time")
struct LanesTests {
    @Test(
        "the first control byte is found, whatever stands around it", arguments: [0x20, 0x41, 0x7E, 0x80, 0xA0, 0xFF])
    func firstControl(filler: UInt8) {
        for length in 1...17 {
            for place in 0..<length {
                for byte in UInt8.min...UInt8.max {
                    var bytes = [UInt8](repeating: filler, count: length)
                    bytes[place] = byte
                    let isControl = byte < 0x20 || byte == 0x7F
                    let found = Lanes.firstControl(bytes.span, from: 0, to: length)
                    if found != (isControl ? place : length) {
                        Issue.record("\(byte) at \(place) of \(length) among \(filler): \(found)")
                    }
                }
            }
        }
    }

    @Test("of two control bytes the first is found", arguments: [0x00, 0x1F, 0x7F] as [UInt8])
    func two(first: UInt8) {
        for second in [0x00, 0x09, 0x1F, 0x7F, 0x80, 0xFF] as [UInt8] {
            let bytes: [UInt8] = [0x41, 0xFF, first, second, 0x20, 0x7E, 0x80, 0x41, second]
            #expect(Lanes.firstControl(bytes.span, from: 0, to: bytes.count) == 2)
        }
    }
}
