-- Signs a request with an access key, over OpenSSL through LuaJIT's FFI: everything is fetched and keyed once a worker.
-- Gives a function of (key file, authority), which gives the function that nginx calls for each request.
local ffi = require "ffi"

ffi.cdef [[
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_mac_st EVP_MAC;
typedef struct evp_mac_ctx_st EVP_MAC_CTX;
typedef struct { const char *key; unsigned int data_type; void *data; size_t data_size; size_t return_size; } OSSL_PARAM;
EVP_MD *EVP_MD_fetch(void *, const char *, const char *);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_DigestInit_ex(EVP_MD_CTX *, const EVP_MD *, void *);
int EVP_DigestUpdate(EVP_MD_CTX *, const void *, size_t);
int EVP_DigestFinal_ex(EVP_MD_CTX *, unsigned char *, unsigned int *);
EVP_MAC *EVP_MAC_fetch(void *, const char *, const char *);
EVP_MAC_CTX *EVP_MAC_CTX_new(EVP_MAC *);
int EVP_MAC_init(EVP_MAC_CTX *, const unsigned char *, size_t, const OSSL_PARAM *);
int EVP_MAC_update(EVP_MAC_CTX *, const unsigned char *, size_t);
int EVP_MAC_final(EVP_MAC_CTX *, unsigned char *, size_t *, size_t);
OSSL_PARAM OSSL_PARAM_construct_utf8_string(const char *, char *, size_t);
OSSL_PARAM OSSL_PARAM_construct_end(void);
]]

local crypto = ffi.load("libcrypto.so.3")
local DIGEST_BYTES = 32

return function(key_file, authority)
    local file = assert(io.open(key_file))
    local key = ngx.decode_base64((file:read("*a"):gsub("%s+$", "")))
    file:close()

    local sha256 = crypto.EVP_MD_fetch(nil, "SHA256", nil)
    local digest_context = crypto.EVP_MD_CTX_new()
    local mac_context = crypto.EVP_MAC_CTX_new(crypto.EVP_MAC_fetch(nil, "HMAC", nil))
    local name = ffi.new("char[7]", "SHA256")
    local parameters = ffi.new("OSSL_PARAM[2]")
    parameters[0] = crypto.OSSL_PARAM_construct_utf8_string("digest", name, 0)
    parameters[1] = crypto.OSSL_PARAM_construct_end()
    assert(crypto.EVP_MAC_init(mac_context, key, #key, parameters) == 1)

    local out = ffi.new("unsigned char[?]", DIGEST_BYTES)
    local written = ffi.new("size_t[1]")

    local function digest(text)
        crypto.EVP_DigestInit_ex(digest_context, sha256, nil)
        crypto.EVP_DigestUpdate(digest_context, text, #text)
        crypto.EVP_DigestFinal_ex(digest_context, out, nil)
        return ngx.encode_base64(ffi.string(out, DIGEST_BYTES))
    end

    local function sign(text)
        crypto.EVP_MAC_init(mac_context, nil, 0, nil)
        crypto.EVP_MAC_update(mac_context, text, #text)
        crypto.EVP_MAC_final(mac_context, out, written, DIGEST_BYTES)
        return ngx.encode_base64(ffi.string(out, DIGEST_BYTES))
    end

    local function body()
        ngx.req.read_body()
        local bytes = ngx.req.get_body_data()
        if bytes then return bytes end
        local path = ngx.req.get_body_file()
        if not path then return "" end
        local spooled = assert(io.open(path, "rb"))
        local all = spooled:read("*a")
        spooled:close()
        return all
    end

    return function()
        local content = digest(body())
        local date = ngx.http_time(ngx.time())
        local text = ngx.var.request_method .. "\n" .. ngx.var.request_uri .. "\n"
            .. date .. ";" .. authority .. ";" .. content
        ngx.req.set_header("x-ms-date", date)
        ngx.req.set_header("x-ms-content-sha256", content)
        ngx.req.set_header(
            "Authorization", "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature=" .. sign(text))
    end
end
