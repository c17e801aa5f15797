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

    /// The name in lower case; empty for ``other`` and for the families (`xMsOther` and the like).
    public var text: StaticString {
        switch self {
        case .other, .xForwardedOther, .xHTTPMethodOther, .xMsOther, .xAcsGatewayOther: ""
        case .host: "host"
        case .contentLength: "content-length"
        case .transferEncoding: "transfer-encoding"
        case .authorization: "authorization"
        case .contentType: "content-type"
        case .expect: "expect"
        case .date: "date"
        case .xMsDate: "x-ms-date"
        case .xMsContentSHA256: "x-ms-content-sha256"
        case .xMsHost: "x-ms-host"
        case .xMsClientRequestID: "x-ms-client-request-id"
        case .connection: "connection"
        case .keepAlive: "keep-alive"
        case .proxyConnection: "proxy-connection"
        case .te: "te"
        case .trailer: "trailer"
        case .upgrade: "upgrade"
        case .http2Settings: "http2-settings"
        case .proxyAuthorization: "proxy-authorization"
        case .proxyAuthenticate: "proxy-authenticate"
        case .cookie: "cookie"
        case .cookie2: "cookie2"
        case .apiKey: "api-key"
        case .xAPIKey: "x-api-key"
        case .ocpApimSubscriptionKey: "ocp-apim-subscription-key"
        case .ocpApimTrace: "ocp-apim-trace"
        case .xFunctionsKey: "x-functions-key"
        case .xAuthToken: "x-auth-token"
        case .xAccessToken: "x-access-token"
        case .xAmzSecurityToken: "x-amz-security-token"
        case .xGoogAPIKey: "x-goog-api-key"
        case .xOriginalAuthorization: "x-original-authorization"
        case .authenticationInfo: "authentication-info"
        case .wwwAuthenticate: "www-authenticate"
        case .forwarded: "forwarded"
        case .xForwardedAuthorization: "x-forwarded-authorization"
        case .xRealIP: "x-real-ip"
        case .xClientIP: "x-client-ip"
        case .trueClientIP: "true-client-ip"
        case .xHost: "x-host"
        case .xOriginalHost: "x-original-host"
        case .xOriginalURL: "x-original-url"
        case .xRewriteURL: "x-rewrite-url"
        case .xMethodOverride: "x-method-override"
        case .xMsReturnClientRequestID: "x-ms-return-client-request-id"
        case .xMsUserAgent: "x-ms-useragent"
        case .xMsRequestID: "x-ms-request-id"
        case .xMsErrorCode: "x-ms-error-code"
        case .location: "location"
        case .contentLocation: "content-location"
        case .operationLocation: "operation-location"
        case .azureAsyncOperation: "azure-asyncoperation"
        case .retryAfter: "retry-after"
        case .setCookie: "set-cookie"
        case .server: "server"
        case .accept: "accept"
        case .acceptEncoding: "accept-encoding"
        case .userAgent: "user-agent"
        case .cacheControl: "cache-control"
        case .contentEncoding: "content-encoding"
        case .via: "via"
        case .allow: "allow"
        }
    }
}
