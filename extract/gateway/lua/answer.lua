-- What the gateway itself answers: problems (RFC 9457) below /api/, small pages elsewhere.
local json = require "cjson"

local M = {}

local page = [[<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><h1>%s</h1><p>%s</p></html>
]]

-- What cannot be told by the path, the Accept header tells.
local function wants_problem()
    local uri = ngx.var.request_uri
    if uri and uri:sub(1, 1) == "/" then
        return uri:sub(1, 5) == "/api/"
    end
    return string.find(ngx.var.http_accept or "", "json", 1, true) ~= nil
end

local function give(status, slug, title, detail, retry_after)
    ngx.status = status
    ngx.header["Retry-After"] = retry_after
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["X-Content-Type-Options"] = "nosniff"
    if wants_problem() then
        ngx.header["Content-Type"] = "application/problem+json"
        ngx.print(json.encode {
            type = "/problems/" .. slug, title = title, status = status, detail = detail,
        })
    else
        ngx.header["Content-Type"] = "text/html; charset=utf-8"
        ngx.header["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        ngx.print(page:format(title, title, detail))
    end
    return ngx.exit(ngx.HTTP_OK)
end

function M.bad_request(detail)
    return give(400, "bad-request", "Bad Request", detail)
end

-- Of what nginx itself refuses, by status: type, title, detail.
local refusals = {
    [400] = { "bad-request", "Bad Request", "The request cannot be understood." },
    [405] = { "method-not-allowed", "Method Not Allowed", "This method is not offered here." },
    [414] = { "url-too-long", "URL too long", "The URL is longer than what is taken here." },
    [431] = { "headers-too-large", "Headers too large",
        "The headers are more or longer than what is taken here." },
    [501] = { "not-implemented", "Not implemented",
        "The request uses a part of HTTP that is not offered here." },
    [505] = { "bad-request", "HTTP Version Not Supported",
        "The request cannot be understood." },
}
local broken = { "internal-error", "Internal Server Error",
    "Something broke here, and was noted under the id in X-Request-ID." }

function M.refused()
    local status = ngx.status
    return give(status, unpack(refusals[status] or broken))
end

function M.missing()
    return give(404, "not-found", "Not Found",
        "There is nothing here, or nothing that you may see.")
end

function M.too_large()
    return give(413, "too-large", "Body too large", "The body is larger than what is taken here.")
end

function M.unavailable(detail)
    return give(503, "unavailable", "Service Unavailable", detail
        or "A part of the shop does not answer at the moment; try again shortly.", 1)
end

return M
