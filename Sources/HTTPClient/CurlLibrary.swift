private import CCurl

/// libcurl itself: loaded and started once for the process, when it is first needed, and only if it is one that we know
/// how to fence in.
enum CurlLibrary {
    /// What is wrong with the library that this process got; `nil` when nothing is.
    static let problem: HTTPFailure? = {
        if let words = unsafe cCURL_load() {
            return HTTPFailure(.unavailable, "libcurl cannot be loaded (\(unsafe text(words))); install libcurl4")
        }
        // Thread-safe since 7.84.  There is no `curl_global_cleanup`: the process's end is enough.
        guard cCURL_global_init() == CURLE_OK else {
            return HTTPFailure(.unavailable, "libcurl cannot be started")
        }
        guard let version = unsafe cCURL_version_info(CURLVERSION_FIRST) else {
            return HTTPFailure(.unavailable, "libcurl tells no version")
        }
        // 7.87 brought the last option that we set (`CURLOPT_QUICK_EXIT`).
        guard unsafe version.pointee.version_num >= 0x07_57_00 else {
            let version = unsafe text(version.pointee.version)
            return HTTPFailure(.unavailable, "libcurl \(version) is older than 7.87")
        }
        // A pinned certificate is verified with OpenSSL's own types: `Crypto.CertificatePin`.
        let library = unsafe text(version.pointee.ssl_version)
        guard library.hasPrefix("OpenSSL/3.") else {
            return HTTPFailure(.unavailable, "libcurl was built with `\(library)`; OpenSSL 3 is needed")
        }
        return nil
    }()

    /// A copy of one of C's texts.
    static func text(_ text: UnsafePointer<CChar>?) -> String {
        guard let text = unsafe text else { return "" }
        return unsafe String(cString: text)
    }
}
