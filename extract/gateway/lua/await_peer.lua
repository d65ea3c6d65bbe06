-- Which instance a request goes to; where none can take it now, it waits.
local peers = require "peers"
local slots = require "slots"

local PATIENCE = 0.3
local LONGEST = 3
local LOOK_EVERY = 0.01

-- Whether the app has come home, where each has only so many slots.
local function is_guest(app, list)
    local first = list[1]
    return first and first.role == "home" and app ~= "home"
end

local function choose(app, list, resting_too)
    if is_guest(app, list) then
        return slots.take(app, list, resting_too)
    end
    return peers.pick(list, peers.usable, resting_too)
end

-- A peer of the app, and the list it is from; nil after `longest` seconds in vain. After
-- `patience` seconds a resting one will do. Where the app has come home, a slot is needed: nil, the
-- list and true. Ask `with_slot` then, in a location that gives slots back.
local function await_peer(app, longest, patience, with_slot)
    local list = peers.list(app)
    if is_guest(app, list) and not with_slot then
        return nil, list, true
    end
    local peer = choose(app, list, false)
    if peer then
        return peer, list
    end
    local started = ngx.now()
    repeat
        ngx.sleep(LOOK_EVERY)
        local waited = ngx.now() - started
        list = peers.list(app)
        if is_guest(app, list) and not with_slot then
            return nil, list, true
        end
        peer = choose(app, list, waited > (patience or PATIENCE))
    until peer or waited >= (longest or LONGEST)
    return peer, list
end

return await_peer
