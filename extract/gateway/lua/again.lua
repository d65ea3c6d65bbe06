-- After an attempt that brought no answer: once more if that is safe, else the answer is 503.
local access = require "access"
local answer = require "answer"
local peers = require "peers"
local slots = require "slots"

local M = {}

-- Seconds since it came in for which a request is tried anew: where connections are refused, the
-- instance is known to be gone soon; where nothing is heard, it takes several terms of its lease.
local LONGEST = { refused = 3.5, silent = 12 }
-- Seconds more for one that an instance had taken which is gone since.
local LEFT_BEHIND = 5
-- nginx allows ten of these; with fewer seconds to each a request could come to an eleventh.
local PATIENCE = 0.5

local function was_sent(var)
    -- Of every attempt so far, like "0, -": not one byte left for an instance.
    return string.find(var.upstream_bytes_sent or "", "[1-9]")
end

-- How many seconds more it may be tried; none where an instance has it and is merely slow.
local function seconds_left(var, last)
    local is_silent = string.match(var.upstream_status or "", "(%d+)%D*$") == "504"
    if is_silent and was_sent(var) then
        return last and not peers.is_listed(var.app, last) and LEFT_BEHIND or -1
    end
    local longest = is_silent and LONGEST.silent or LONGEST.refused
    return longest - (ngx.now() - ngx.req.start_time())
end

function M.enter()
    local var = ngx.var
    local last = string.match(var.upstream_addr or "", "([^%s,]+)$")
    if last then
        peers.rest(last)
    end
    slots.leave()
    if not access.is_safe() and was_sent(var) then
        return answer.unavailable(
            "The part of the shop that was asked broke off; what was asked may have been done or not.")
    end
    local left = seconds_left(var, last)
    if left < 0 then
        return answer.unavailable()
    end
    return access.enter_with_slot(left, PATIENCE)
end

return M
