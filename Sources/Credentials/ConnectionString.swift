internal import Bytes
internal import ConfigDSL
internal import Crypto

/// A resource's connection string: `endpoint=https://NAME.communication.azure.com/;accesskey=BASE64`.
///
/// Parts stand between `;`, empty ones are skipped; a part is cut at its first `=`, blanks around name and value do
/// not count, nor does the name's case.  Both parts must be there, once, and nothing else.  Stricter than the SDKs,
/// which differ among each other: what one of them would read otherwise is refused.
struct ConnectionString {
    /// Where the resource is: `https`, or `http` on this machine.
    let endpoint: Endpoint
    /// The decoded access key.
    let key: Secret

    init(_ text: Secret) throws(ConnectionStringError) {
        let parts = try text.withBytes { bytes throws(ConnectionStringError) in try Parts(bytes) }
        guard let endpoint = parts.endpoint else { throw .missing(.endpoint) }
        guard let key = parts.key else { throw .missing(.accessKey) }
        self.endpoint = endpoint
        self.key = key
    }
}

/// Why a connection string is refused.  It names the part, and never holds anything of the text.
enum ConnectionStringError: Error, Equatable {
    /// A part by its name.
    enum Part: Equatable {
        case endpoint
        case accessKey
    }

    /// The part with this number, counted from 1, has no `=`.
    case noEqualsSign(part: Int)
    /// The part with this number has another name.
    case unknownPart(Int)
    /// The part with this number has a control character in it.
    case controlCharacter(part: Int)
    case missing(Part)
    case repeated(Part)
    case empty(Part)
    /// The endpoint is not an origin; `reason` goes behind its name.
    case badEndpoint(reason: String)
    /// The endpoint is plain HTTP to another machine.
    case plaintextEndpoint
    case badKey(Base64Error)
}

extension ConnectionStringError: CustomStringConvertible {
    /// What goes behind the name of the key that holds the string.
    var description: String {
        switch self {
        case .noEqualsSign(let part): "has no `=` in its part \(part)"
        case .unknownPart(let part): "has an unknown name in its part \(part); known names: endpoint, accesskey"
        case .controlCharacter(let part): "has a control character in its part \(part)"
        case .missing(let part): "has no `\(part.name)=`"
        case .repeated(let part): "has `\(part.name)=` twice"
        case .empty(let part): "has nothing behind `\(part.name)=`"
        case .badEndpoint(let reason): "has an `endpoint=` that \(reason)"
        case .plaintextEndpoint: "has an `endpoint=` with `http://` to another machine"
        case .badKey(let error): "has an `accesskey=` that is \(error)"
        }
    }
}

extension ConnectionStringError.Part {
    /// As it is written.
    fileprivate var name: String {
        switch self {
        case .endpoint: "endpoint"
        case .accessKey: "accesskey"
        }
    }
}

/// The parts read so far.
private struct Parts {
    var endpoint: Endpoint?
    var key: Secret?

    init(_ text: Span<UInt8>) throws(ConnectionStringError) {
        var start = 0
        var number = 0
        while start <= text.count {
            var end = start
            while end < text.count, text[end] != UInt8(ascii: ";") { end += 1 }
            number += 1
            let part = ASCII.trimmed(text.extracting(start..<end))
            if part.count > 0 { try read(part, number) }
            start = end + 1
        }
    }

    /// Reads one part that is not empty.
    private mutating func read(_ part: Span<UInt8>, _ number: Int) throws(ConnectionStringError) {
        for index in part.indices where part[index] < 0x20 || part[index] == 0x7F {
            // A tab next to the `=` is a blank; the values refuse it.
            guard part[index] == ASCII.tab else { throw .controlCharacter(part: number) }
        }
        guard let mark = part.indices.first(where: { part[$0] == UInt8(ascii: "=") }) else {
            throw .noEqualsSign(part: number)
        }
        let name = ASCII.trimmed(part.extracting(..<mark))
        let value = ASCII.trimmed(part.extracting((mark + 1)...))
        if name.equalsIgnoringCase("endpoint") {
            guard endpoint == nil else { throw .repeated(.endpoint) }
            endpoint = try Parts.endpoint(value)
        } else if name.equalsIgnoringCase("accesskey") {
            guard key == nil else { throw .repeated(.accessKey) }
            key = try Parts.key(value)
        } else {
            throw .unknownPart(number)
        }
    }

    private static func endpoint(_ value: Span<UInt8>) throws(ConnectionStringError) -> Endpoint {
        guard value.count > 0 else { throw .empty(.endpoint) }
        let endpoint: Endpoint
        do throws(ValueError) {
            endpoint = try Endpoint(value.text)
        } catch {
            throw .badEndpoint(reason: error.message)
        }
        guard endpoint.scheme == .https || endpoint.isLoopback else { throw .plaintextEndpoint }
        return endpoint
    }

    private static func key(_ value: Span<UInt8>) throws(ConnectionStringError) -> Secret {
        guard value.count > 0 else { throw .empty(.accessKey) }
        do throws(Base64Error) {
            return try Secret(base64: value)
        } catch {
            throw .badKey(error)
        }
    }
}
