-- What the gateway itself answers: problems (RFC 9457) below /api/, small pages elsewhere.
local json = require "cjson"

local M = {}

local page = [[<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%s</title><h1>%s</h1><p>%s</p></html>
]]

local function give(status, slug, title, detail, retry_after)
    ngx.status = status
    ngx.header["Retry-After"] = retry_after
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["X-Content-Type-Options"] = "nosniff"
    if ngx.var.request_uri:sub(1, 5) == "/api/" then
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
