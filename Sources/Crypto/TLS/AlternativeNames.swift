internal import Bytes
internal import COpenSSL

/// The subject alternative names of a certificate that we have a use for (RFC 5280 §4.2.1.6).
///
/// A name with any byte but printable ASCII is left out: two readers could take it for different names.
struct AlternativeNames: Equatable {
    /// Host names in lower case, `*.` before some.
    var dnsNames: [String] = []
    /// URIs, as they stand there.
    var uris: [String] = []

    /// Those of `certificate`; none when it has none, or when they cannot be read.
    init(of certificate: OpaquePointer) {
        guard let found = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else {
            OpenSSLFailure.forget()
            return
        }
        let names = OpaquePointer(found)
        defer { unsafe GENERAL_NAMES_free(names) }
        let count = unsafe cGENERAL_NAMES_count(names)
        for index in 0..<count {
            var kind: Int32 = -1
            // Owned by `names`; of the kinds that are read here all are strings.
            let value = unsafe GENERAL_NAME_get0_value(cGENERAL_NAMES_item(names, index), &kind)
            guard kind == GEN_DNS || kind == GEN_URI, let value = unsafe value,
                let text = unsafe Self.text(value)
            else { continue }
            if kind == GEN_DNS { dnsNames.append(text.lowercased()) } else { uris.append(text) }
        }
    }

    /// What an `ASN1_IA5STRING *` says, when it is plain.
    private static func text(_ value: UnsafeMutableRawPointer) -> String? {
        let string = unsafe value.assumingMemoryBound(to: ASN1_STRING.self)
        let bytes = unsafe UnsafeBufferPointer(
            start: ASN1_STRING_get0_data(string), count: Int(ASN1_STRING_length(string)))
        guard !bytes.isEmpty, unsafe bytes.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }
}

/// Seconds since 1970 of one of a certificate's dates; a date that cannot be read has passed long ago.
func unixSeconds(of time: UnsafePointer<ASN1_TIME>?) -> Int {
    let start = unsafe ASN1_TIME_set(nil, 0)
    defer { unsafe ASN1_TIME_free(start) }
    var (days, seconds) = (Int32(0), Int32(0))
    guard unsafe ASN1_TIME_diff(&days, &seconds, start, time) == 1 else { return 0 }
    return Int(days) * 86_400 + Int(seconds)
}
