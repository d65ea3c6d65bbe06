-- The signed identity of a credential: asked of an identity instance, kept for seconds.
local await_peer = require "await_peer"
local credential = require "credential"
local options = require "options"
local peers = require "peers"

local M = {}

local identities, flights = ngx.shared.identities, ngx.shared.flights

-- Kept instead of a token while identity does not answer, so that not everyone waits in turn.
local AWAY, AWAY_SECONDS = "-", 0.25
-- A session or a token is looked up; a password is slow to verify, and all the more on a busy
-- machine.
local SESSION = { path = "/_identity/session", longest = 2.2 }
local PASSWORD = { path = "/_identity/password", longest = 8.2 }
local LOOK_EVERY = 0.005

local function ask(kind)
    local peer, list = await_peer("identity", kind.longest)
    if not peer then
        return AWAY, AWAY_SECONDS
    end
    local answer = ngx.location.capture(kind.path, {
        ctx = { peer = peer, peers = list }, copy_all_vars = true,
    })
    if answer.status == ngx.HTTP_NO_CONTENT then
        return answer.header["X-Identity"] or "", options.identity_seconds
    end
    -- 431: an instance takes no headers as long as some that are taken here.
    if answer.status == ngx.HTTP_BAD_REQUEST or answer.status == 431 then
        return nil
    end
    -- 503: it is there, and cannot tell, as whom it asks is away or too many ask.
    if answer.status >= 502 and answer.status ~= ngx.HTTP_SERVICE_UNAVAILABLE then
        peers.rest(peer.address)
    end
    return AWAY, AWAY_SECONDS
end

-- One request asks for a credential, the others wait for what it learns.
local function learn(key, kind)
    local ends = ngx.now() + kind.longest
    while not flights:add(key, true, kind.longest) do
        ngx.sleep(LOOK_EVERY)
        local kept = identities:get(key)
        if kept then
            return kept
        end
        if ngx.now() > ends then
            return AWAY
        end
    end
    local token, seconds = identities:get(key), nil
    if not token then
        token, seconds = ask(kind)
        if token then
            identities:set(key, token, seconds)
        end
    end
    flights:delete(key)
    return token
end

-- What this worker has found for a Cookie header: it need not be taken apart again. Whole
-- generations are forgotten; nothing is kept for longer than in shared memory.
local found, forget_at = {}, 0

local function keep(cookies, token, others, key)
    local now = ngx.now()
    if now >= forget_at then
        found, forget_at = {}, now + options.identity_seconds
    end
    local left = identities:ttl(key)
    if left and left > 0 then
        found[cookies] = { token = token, others = others, ends = now + left }
    end
end

local function kind_of(authorization)
    local scheme = authorization and authorization:match("^%s*(%a+)")
    return scheme and scheme:lower() ~= "bearer" and PASSWORD or SESSION
end

-- The token, "" for a credential that proves nothing, and the cookies without the session; or nil,
-- the cookies and "away" or "refused", the latter if identity finds the request malformed.
function M.of(cookies, authorization)
    local known = not authorization and found[cookies]
    if known and known.ends > ngx.now() then
        return known.token, known.others
    end
    local session, others
    if cookies then
        session, others = credential.split(cookies)
    end
    local key = session or ""
    if authorization then
        -- The address counts for a password: identity may have lost patience with one address
        -- and not with another.
        key = key .. "\n" .. authorization .. "\n" .. ngx.var.remote_addr
    elseif not session then
        return "", cookies
    end
    key = ngx.sha1_bin(key)
    local token = identities:get(key) or learn(key, kind_of(authorization))
    if token == AWAY then
        return nil, others, "away"
    elseif not token then
        return nil, others, "refused"
    end
    if not authorization then
        keep(cookies, token, others, key)
    end
    return token, others
end

return M
