-- The way of a request before it is passed on: who it is from, which instance gets it.
local answer = require "answer"
local await_peer = require "await_peer"
local credential = require "credential"
local identity = require "identity"
local peers = require "peers"

local M = {}

-- Seconds that an instance of an app has for what can be asked for again. Home, where everything
-- slow is, has as many as nginx gives.
local SAFE_SECONDS = 15

-- Whether the request asks for nothing but to be shown something.
function M.is_safe()
    local method = ngx.req.get_method()
    return method == "GET" or method == "HEAD"
end

local function give_to(peer, list)
    if not peer then
        return answer.unavailable()
    end
    local seconds = M.is_safe() and peer.role ~= "home" and SAFE_SECONDS or nil
    ngx.ctx = { peer = peer, peers = list, seconds = seconds }
    ngx.var.pass = peers.role_pass(peer.role)
end

-- Finds out who a request with a credential is from; the request ends here if it cannot go on.
local function identify(app, public, cookies, authorization)
    local var = ngx.var
    local token, others, why = identity.of(cookies, authorization)
    if others ~= cookies and app ~= "home" then
        var.cookies = others or "" -- the session is home's; no app gets to see it
    end
    if token then
        var.identity = token
        return
    elseif why == "refused" then
        return answer.bad_request("The request cannot be understood.")
    end
    if not (public and M.is_safe()) then
        return answer.unavailable(
            "It cannot be told at the moment who you are; try again shortly.")
    end
end

function M.enter(app, public)
    local var = ngx.var
    local cookies, authorization = var.http_cookie, var.http_authorization
    if authorization or cookies and credential.may_be_in(cookies) then
        identify(app, public, cookies, authorization)
    end
    local peer, list, needs_slot = await_peer(app)
    if needs_slot then
        return ngx.exec("@guest")
    end
    return give_to(peer, list)
end

-- For locations that give slots back; `longest` and `patience` as `await_peer` has them.
function M.enter_with_slot(longest, patience)
    return give_to(await_peer(ngx.var.app, longest, patience, true))
end

return M
