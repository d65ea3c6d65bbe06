-- The way of a request before it is passed on: its path, who it is from, which instance gets it.
local answer = require "answer"
local credential = require "credential"
local identity = require "identity"
local peers = require "peers"
local placement = require "placement"

local M = {}

local function unescape(digits)
    return string.char(tonumber(digits, 16))
end

-- Whether nginx, which routes by the normalised path, and an instance, which gets the path as it
-- was sent and only decodes it, see the same one: no dot segments, no doubled slashes.
local function is_plain(sent, normalised)
    local query = string.find(sent, "?", 1, true)
    local path = query and string.sub(sent, 1, query - 1) or sent
    return path == normalised or string.gsub(path, "%%(%x%x)", unescape) == normalised
end

-- Chooses the peer; `longest` and `patience` as placement has them.
function M.place(app, longest, patience)
    local peer, list = placement.await(app, longest, patience)
    if not peer then
        return answer.unavailable()
    end
    local ctx = ngx.ctx
    ctx.peer, ctx.peers = peer, list
    ngx.var.pass = peers.role_pass(peer.role)
end

function M.enter(app, public)
    local var = ngx.var
    if not is_plain(var.request_uri, var.uri) then
        return answer.missing()
    end
    if (var.http_host or "") == "" then
        return answer.bad_request("The request needs a Host header.")
    end
    local cookies = var.http_cookie
    local authorization = var.http_authorization
    local session, others = credential.split(cookies)
    if session or authorization then
        local token, why = identity.of(session, authorization)
        if token then
            var.identity = token
        elseif why == "refused" then
            return answer.bad_request("The request cannot be understood.")
        else
            local method = ngx.req.get_method()
            if not (public and (method == "GET" or method == "HEAD")) then
                return answer.unavailable("It cannot be told at the moment who you are; try again shortly.")
            end
        end
    end
    -- The session is home's; no app gets to see it.
    var.cookies = app == "home" and cookies or others or ""
    var.app = app
    return M.place(app)
end

return M
