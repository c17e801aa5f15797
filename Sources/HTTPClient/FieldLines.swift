internal import Bytes
internal import CCurl

/// A request's field lines as libcurl's list; overwritten and freed at the end, since they may hold secrets.
@safe struct FieldLines: ~Copyable {
    /// `curl_slist *`; libcurl reads it as long as the transfer lasts.
    private(set) var list: UnsafeMutablePointer<curl_slist>?

    /// The lines of `fields`, and those that keep libcurl from adding lines of its own.
    init(_ fields: [HTTPField]) throws(HTTPFailure) {
        unsafe list = nil
        for field in fields { try append(field) }
        let given = Set(fields.map { $0.name.lowercased() })
        // A name with nothing behind the colon is left out, in place of what libcurl would say.
        for (name, line) in [("accept", "Accept:"), ("content-type", "Content-Type:"), ("expect", "Expect:")]
        where !given.contains(name) {
            try unsafe append(line)
        }
    }

    deinit {
        var line = unsafe list
        while let entry = unsafe line {
            var text = unsafe entry.pointee.data
            while let byte = unsafe text, unsafe byte.pointee != 0 {
                unsafe byte.pointee = 0
                unsafe text = byte + 1
            }
            unsafe line = entry.pointee.next
        }
        unsafe cCURL_slist_free_all(list)
    }

    private mutating func append(_ field: HTTPField) throws(HTTPFailure) {
        try field.value.withBytes { value throws(HTTPFailure) in
            var line = ByteBuffer(capacity: field.name.utf8.count + value.count + 3)
            line.append(text: field.name)
            // With a colon and nothing behind it, libcurl would leave the line out.
            line.append(value.isEmpty ? ";" : ": ")
            line.append(value)
            line.append(0)
            defer { line.wipe() }
            try unsafe line.withReadableBytes { bytes throws(HTTPFailure) in
                try unsafe append(bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
            }
        }
    }

    /// Appends a copy of `line`.
    private mutating func append(_ line: UnsafePointer<CChar>?) throws(HTTPFailure) {
        guard let longer = unsafe cCURL_slist_append(list, line) else {
            throw HTTPFailure(.unavailable, "libcurl has no memory")
        }
        unsafe list = unsafe longer
    }
}
