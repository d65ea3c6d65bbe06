-- Which instance a request goes to; where none can take it now, it waits.
local peers = require "peers"
local slots = require "slots"

local M = {}

local PATIENCE = 0.3
local LONGEST = 3
local LOOK_EVERY = 0.01

local function choose(app, list, resting_too)
    local first = list[1]
    if not first then
        return nil
    end
    if first.role == "home" and app ~= "home" then
        return slots.take(app, list, resting_too)
    end
    return peers.pick(list, peers.usable, resting_too)
end

-- A peer of the app, and the list it is from; nil after `longest` seconds in vain. After
-- `patience` seconds a resting one will do.
function M.await(app, longest, patience)
    local started = ngx.now()
    local ends = started + (longest or LONGEST)
    while true do
        local list = peers.list(app)
        local peer = choose(app, list, ngx.now() - started > (patience or PATIENCE))
        if peer then
            return peer, list
        end
        if ngx.now() >= ends then
            return nil
        end
        ngx.sleep(LOOK_EVERY)
    end
end

return M
