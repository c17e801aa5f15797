public import Bytes

/// Writes status lines.
public enum ResponseWriter {
    /// The status line with the reason that the registry gives for `status`, or with none.
    public static func statusLine(_ status: Int, to head: inout ByteBuffer) {
        switch status {
        case 200: head.append("HTTP/1.1 200 OK\r\n")
        case 201: head.append("HTTP/1.1 201 Created\r\n")
        case 202: head.append("HTTP/1.1 202 Accepted\r\n")
        case 204: head.append("HTTP/1.1 204 No Content\r\n")
        default:
            begin(status, &head)
            head.append(reason(status))
            head.append("\r\n")
        }
    }

    /// The status line with a given reason, which must hold no control byte.
    public static func statusLine(_ status: Int, reason: Span<UInt8>, to head: inout ByteBuffer) {
        begin(status, &head)
        head.append(reason)
        head.append("\r\n")
    }

    /// `HTTP/1.1 100 Continue` and its empty line.
    @inlinable
    public static func continueHead(to head: inout ByteBuffer) {
        head.append("HTTP/1.1 100 Continue\r\n\r\n")
    }

    private static func begin(_ status: Int, _ head: inout ByteBuffer) {
        precondition(status >= 100 && status <= 999, "a status has three digits")
        head.append("HTTP/1.1 ")
        head.append(decimal: status)
        head.append(" ")
    }

    /// The reason that the IANA registry gives for `status`; empty for one that it does not know.
    public static func reason(_ status: Int) -> StaticString {
        switch status / 100 {
        case 1: informational(status)
        case 2: successful(status)
        case 3: redirection(status)
        case 4: clientError(status)
        case 5: serverError(status)
        default: ""
        }
    }
}

extension ResponseWriter {
    private static func informational(_ status: Int) -> StaticString {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 102: "Processing"
        case 103: "Early Hints"
        default: ""
        }
    }

    private static func successful(_ status: Int) -> StaticString {
        switch status {
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 203: "Non-Authoritative Information"
        case 204: "No Content"
        case 205: "Reset Content"
        case 206: "Partial Content"
        case 207: "Multi-Status"
        case 208: "Already Reported"
        case 226: "IM Used"
        default: ""
        }
    }

    private static func redirection(_ status: Int) -> StaticString {
        switch status {
        case 300: "Multiple Choices"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 303: "See Other"
        case 304: "Not Modified"
        case 305: "Use Proxy"
        case 307: "Temporary Redirect"
        case 308: "Permanent Redirect"
        default: ""
        }
    }

    private static func clientError(_ status: Int) -> StaticString {
        switch status {
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 402: "Payment Required"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 406: "Not Acceptable"
        case 407: "Proxy Authentication Required"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 410: "Gone"
        case 411: "Length Required"
        case 412: "Precondition Failed"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 416: "Range Not Satisfiable"
        case 417: "Expectation Failed"
        case 421: "Misdirected Request"
        case 422: "Unprocessable Content"
        case 423: "Locked"
        case 424: "Failed Dependency"
        case 425: "Too Early"
        case 426: "Upgrade Required"
        case 428: "Precondition Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 451: "Unavailable For Legal Reasons"
        default: ""
        }
    }

    private static func serverError(_ status: Int) -> StaticString {
        switch status {
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 502: "Bad Gateway"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        case 506: "Variant Also Negotiates"
        case 507: "Insufficient Storage"
        case 508: "Loop Detected"
        case 511: "Network Authentication Required"
        default: ""
        }
    }
}
