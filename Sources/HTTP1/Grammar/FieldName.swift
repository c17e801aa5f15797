/// A field name that the gateway treats in some way of its own; all others are ``other``.
///
/// A name counts as known also when it equals a known one only once `_` and `.` are read as `-`, since origins behind
/// CGI-like interfaces merge them (http rule CR-6); ``FieldLine/isLookalike`` tells.
public enum FieldName: UInt8, Sendable, CaseIterable {
    case other
    // May stand once (http rule HD-7).
    case host, contentLength, transferEncoding, authorization, contentType, expect, date
    case xMsDate, xMsContentSHA256, xMsHost, xMsClientRequestID
    // Hop-by-hop (HP-1).
    case connection, keepAlive, proxyConnection, te, trailer, upgrade, http2Settings
    case proxyAuthorization, proxyAuthenticate
    // Credentials of the client (CR-1).
    case cookie, cookie2, apiKey, xAPIKey, ocpApimSubscriptionKey, ocpApimTrace, xFunctionsKey, xAuthToken
    case xAccessToken, xAmzSecurityToken, xGoogAPIKey, xOriginalAuthorization, authenticationInfo, wwwAuthenticate
    // What the client says of others' connections, hosts and methods (FW-2, FW-4).  `xForwardedOther` is any
    // `x-forwarded-…`, `xHTTPMethodOther` any `x-http-method…`.
    case forwarded, xForwardedAuthorization, xForwardedOther, xRealIP, xClientIP, trueClientIP, xHost, xOriginalHost
    case xOriginalURL, xRewriteURL, xHTTPMethodOther, xMethodOverride
    // The service's own; `xMsOther` is any other `x-ms-…`.
    case xMsReturnClientRequestID, xMsUserAgent, xMsRequestID, xMsErrorCode, xMsOther
    /// Any `x-acs-gateway-…`: ours alone.
    case xAcsGatewayOther
    // Of an answer.
    case location, contentLocation, operationLocation, azureAsyncOperation, retryAfter, setCookie, server
    // Ordinary ones that something looks at.
    case accept, acceptEncoding, userAgent, cacheControl, contentEncoding, via, allow

    /// A repeat of it in a request is an error (http rule HD-7).
    @inlinable public var isSingleton: Bool {
        rawValue &- FieldName.host.rawValue <= FieldName.xMsClientRequestID.rawValue &- FieldName.host.rawValue
    }

    /// The parsers act on it.
    @inline(__always) var concernsParser: Bool { rawValue &- 1 < FieldName.connection.rawValue }

    /// Belongs to one connection and is never passed on (HP-1); `transfer-encoding` too.
    @inlinable public var isHopByHop: Bool {
        let first = FieldName.connection.rawValue
        return rawValue &- first <= FieldName.proxyAuthenticate.rawValue &- first || self == .transferEncoding
    }

    /// A client's credential, or what is read as one (CR-1); `authorization` and `x-ms-…` are not counted here.
    @inlinable public var isCredential: Bool {
        let first = FieldName.proxyAuthorization.rawValue
        return rawValue &- first <= FieldName.wwwAuthenticate.rawValue &- first || self == .xForwardedAuthorization
    }

    /// A client's claim about other connections, hosts, paths or methods, never passed on (FW-2, FW-4).
    @inlinable public var isForwardingClaim: Bool {
        let first = FieldName.forwarded.rawValue
        return rawValue &- first <= FieldName.xMethodOverride.rawValue &- first
    }

    /// Begins with `x-ms-`.
    @inlinable public var isMicrosoft: Bool {
        let (once, other) = (FieldName.xMsDate.rawValue, FieldName.xMsReturnClientRequestID.rawValue)
        return rawValue &- once <= FieldName.xMsClientRequestID.rawValue &- once
            || rawValue &- other <= FieldName.xMsOther.rawValue &- other
    }

    /// The name in lower case; empty for ``other`` and for the families (`xMsOther` and the like).  Not for a request's
    /// way: it searches.
    public var text: StaticString {
        for entry in Self.texts where entry.name == self { return entry.text }
        return ""
    }

    /// How each name is written.
    static let texts: [(name: FieldName, text: StaticString)] = [
        (.host, "host"), (.contentLength, "content-length"), (.transferEncoding, "transfer-encoding"),
        (.authorization, "authorization"), (.contentType, "content-type"), (.expect, "expect"), (.date, "date"),
        (.xMsDate, "x-ms-date"), (.xMsContentSHA256, "x-ms-content-sha256"), (.xMsHost, "x-ms-host"),
        (.xMsClientRequestID, "x-ms-client-request-id"), (.connection, "connection"), (.keepAlive, "keep-alive"),
        (.proxyConnection, "proxy-connection"), (.te, "te"), (.trailer, "trailer"), (.upgrade, "upgrade"),
        (.http2Settings, "http2-settings"), (.proxyAuthorization, "proxy-authorization"),
        (.proxyAuthenticate, "proxy-authenticate"), (.cookie, "cookie"), (.cookie2, "cookie2"), (.apiKey, "api-key"),
        (.xAPIKey, "x-api-key"), (.ocpApimSubscriptionKey, "ocp-apim-subscription-key"),
        (.ocpApimTrace, "ocp-apim-trace"), (.xFunctionsKey, "x-functions-key"), (.xAuthToken, "x-auth-token"),
        (.xAccessToken, "x-access-token"), (.xAmzSecurityToken, "x-amz-security-token"),
        (.xGoogAPIKey, "x-goog-api-key"), (.xOriginalAuthorization, "x-original-authorization"),
        (.authenticationInfo, "authentication-info"), (.wwwAuthenticate, "www-authenticate"),
        (.forwarded, "forwarded"), (.xForwardedAuthorization, "x-forwarded-authorization"), (.xRealIP, "x-real-ip"),
        (.xClientIP, "x-client-ip"), (.trueClientIP, "true-client-ip"), (.xHost, "x-host"),
        (.xOriginalHost, "x-original-host"), (.xOriginalURL, "x-original-url"), (.xRewriteURL, "x-rewrite-url"),
        (.xMethodOverride, "x-method-override"), (.xMsReturnClientRequestID, "x-ms-return-client-request-id"),
        (.xMsUserAgent, "x-ms-useragent"), (.xMsRequestID, "x-ms-request-id"), (.xMsErrorCode, "x-ms-error-code"),
        (.location, "location"), (.contentLocation, "content-location"), (.operationLocation, "operation-location"),
        (.azureAsyncOperation, "azure-asyncoperation"), (.retryAfter, "retry-after"), (.setCookie, "set-cookie"),
        (.server, "server"), (.accept, "accept"), (.acceptEncoding, "accept-encoding"), (.userAgent, "user-agent"),
        (.cacheControl, "cache-control"), (.contentEncoding, "content-encoding"), (.via, "via"), (.allow, "allow"),
    ]
}
