-- The signed identity of a credential: asked of an identity instance, kept for seconds.
local options = require "options"
local peers = require "peers"
local placement = require "placement"

local M = {}

local identities, flights = ngx.shared.identities, ngx.shared.flights

-- Kept instead of a token while identity does not answer, so that not everyone waits in turn.
local AWAY, AWAY_SECONDS = "-", 0.25
local LONGEST = 1.2
local LOOK_EVERY = 0.005

local function ask()
    local peer, list = placement.await("identity", LONGEST)
    if not peer then
        return AWAY, AWAY_SECONDS
    end
    local answer = ngx.location.capture("/_identity", {
        ctx = { peer = peer, peers = list }, copy_all_vars = true,
    })
    if answer.status == ngx.HTTP_NO_CONTENT then
        return answer.header["X-Identity"] or "", options.identity_seconds
    end
    if answer.status == ngx.HTTP_BAD_REQUEST then
        return nil
    end
    if answer.status >= 502 then
        peers.rest(peer.address)
    end
    return AWAY, AWAY_SECONDS
end

-- One request asks for a credential, the others wait for what it learns.
local function learn(key)
    local ends = ngx.now() + LONGEST
    while not flights:add(key, true, LONGEST) do
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
        token, seconds = ask()
        if token then
            identities:set(key, token, seconds)
        end
    end
    flights:delete(key)
    return token
end

-- The token, "" for a credential that proves nothing; or nil and "away" or "refused", the latter
-- if identity finds the request malformed. The address counts for a password: identity may have
-- lost patience with one address and not with another.
function M.of(session, authorization)
    local key = session or ""
    if authorization then
        key = key .. "\n" .. authorization .. "\n" .. ngx.var.remote_addr
    end
    key = ngx.sha1_bin(key)
    local token = identities:get(key) or learn(key)
    if token == AWAY then
        return nil, "away"
    elseif not token then
        return nil, "refused"
    end
    return token
end

return M
