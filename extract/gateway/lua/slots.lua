-- Home's cap: requests in flight for one app at one instance of home. What is too much waits
-- here, where waiting costs nothing.
local options = require "options"
local peers = require "peers"

local M = {}

local slots = ngx.shared.slots

-- Each worker counts on its own, so that a count ends with its worker.
local function key(name, worker)
    return name .. "#" .. worker
end

function M.forget_own()
    local ending = "#" .. (ngx.worker.id() or 0)
    for _, name in ipairs(slots:get_keys(0)) do
        if name:sub(-#ending) == ending then
            slots:delete(name)
        end
    end
end

local function in_flight(name)
    local sum = 0
    for worker = 0, ngx.worker.count() - 1 do
        sum = sum + (slots:get(key(name, worker)) or 0)
    end
    return sum
end

-- The instance of home that does the least for the app, now counted as doing one thing more; nil
-- while all do as much as they may.
function M.take(app, list, resting_too)
    local best, least
    for _, peer in ipairs(list) do
        if peers.usable(peer, resting_too) then
            local count = in_flight(app .. "@" .. peer.address)
            if count < options.home_cap and (not best or count < least) then
                best, least = peer, count
            end
        end
    end
    if not best then
        return nil
    end
    local name = app .. "@" .. best.address
    local own = key(name, ngx.worker.id())
    slots:incr(own, 1, 0)
    if in_flight(name) > options.home_cap then
        slots:incr(own, -1) -- another worker was faster
        return nil
    end
    ngx.var.slot = own
    return best
end

-- Once for each slot taken, however the request ended.
function M.leave()
    local own = ngx.var.slot
    if own ~= "" then
        slots:incr(own, -1)
        ngx.var.slot = ""
    end
end

return M
