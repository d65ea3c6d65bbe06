-- Which instances there are, by the agent's table, and which of them gets a request.
local balancer = require "ngx.balancer"
local json = require "cjson"

local tells = require("options").tells

local M = {}

-- Seconds that a failed peer is left alone, by all workers.
local REST = 1
-- A request is tried on so many more peers.
local MORE_TRIES = 2
local NOBODY = {}

local instances, resting = ngx.shared.instances, ngx.shared.resting
local decoded, taken, version = { apps = {}, passes = {} }, 0, 0

-- PUT by the agent, also when nothing changed: nginx may have been started anew.
function M.take_table()
    ngx.req.read_body()
    local body = ngx.req.get_body_data()
    local ok, parsed = pcall(json.decode, body)
    if not ok or type(parsed) ~= "table" or not parsed.apps or not parsed.passes then
        return ngx.exit(ngx.HTTP_BAD_REQUEST)
    end
    if instances:get("table") ~= body then
        local stored, why = instances:set("table", body)
        if not stored then
            ngx.log(ngx.ERR, "the table of instances cannot be kept: ", why)
            return ngx.exit(ngx.HTTP_INSUFFICIENT_STORAGE)
        end
        instances:incr("taken", 1, 0)
        instances:incr("version", 1, 0)
    end
    return ngx.exit(ngx.HTTP_NO_CONTENT)
end

-- 204 once there is a table, 503 before.
function M.told()
    return ngx.exit(instances:get("table") and ngx.HTTP_NO_CONTENT or ngx.HTTP_SERVICE_UNAVAILABLE)
end

local function refresh(latest)
    version = latest
    local number = instances:get("taken") or 0
    if number ~= taken then
        -- A table that comes in between is decoded under the older number, then once more.
        decoded, taken = json.decode(instances:get("table")), number
        for _, peers in pairs(decoded.apps) do
            for _, peer in ipairs(peers) do
                peer.turn = math.random() * peer.weight
            end
        end
    end
    for _, peers in pairs(decoded.apps) do
        for _, peer in ipairs(peers) do
            peer.rests_until = resting:get(peer.address)
        end
    end
end

-- The table with who rests. Each worker has its own, renewed where the version says so: one look
-- at shared memory is all that a request pays.
local function current()
    local latest = instances:get("version") or 0
    if latest ~= version then
        refresh(latest)
    end
    return decoded
end

function M.list(app)
    return current().apps[app] or NOBODY
end

-- Whether the app still has the peer: it is gone from the table once nobody can reach it.
function M.is_listed(app, address)
    for _, peer in ipairs(M.list(app)) do
        if peer.address == address then
            return true
        end
    end
    return false
end

function M.role_pass(role)
    return decoded.passes[role] or ""
end

-- A peer that failed rests, for all workers from their next request on.
function M.rest(address)
    resting:set(address, ngx.now() + REST, REST)
    instances:incr("version", 1, 0)
end

function M.usable(peer, resting_too)
    if peer.down then
        return false
    end
    local rests_until = peer.rests_until
    return not rests_until or resting_too or rests_until <= ngx.now()
end

-- Smooth weighted round robin over the peers that pass; nil if none does.
function M.pick(peers, passes, argument)
    local best, total
    for i = 1, #peers do
        local peer = peers[i]
        if passes(peer, argument) then
            total = (total or 0) + peer.weight
            peer.turn = peer.turn + peer.weight
            if not best or peer.turn > best.turn then
                best = peer
            end
        end
    end
    if best then
        best.turn = best.turn - total
    end
    return best
end

local function untried(peer, tried)
    return not tried[peer.address] and M.usable(peer)
end

-- balancer_by_lua: at first the peer chosen in the access phase, then others.
function M.balance()
    local ctx = ngx.ctx
    local peer = ctx.peer
    if balancer.get_last_failure() then
        M.rest(peer.address)
        current()
        ctx.tried = ctx.tried or {}
        ctx.tried[peer.address] = true
        -- None is left after a kept connection was found closed: nginx grants one try more.
        peer = M.pick(ctx.peers, untried, ctx.tried) or peer
        ctx.peer = peer
    elseif #ctx.peers > 1 then
        balancer.set_more_tries(math.min(MORE_TRIES, #ctx.peers - 1))
    end
    if ctx.seconds then
        balancer.set_timeouts(nil, nil, ctx.seconds)
    end
    if tells and not ngx.is_subrequest then
        local tried = ngx.var.peers
        ngx.var.peers = (tried ~= "" and tried .. ", " or "") .. peer.role .. "/" .. peer.id
    end
    assert(balancer.set_current_peer(peer.host, peer.port))
end

return M
