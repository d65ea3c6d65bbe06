-- After an attempt that brought no answer: once more if that is safe, else the answer is 503.
local access = require "access"
local answer = require "answer"
local peers = require "peers"
local slots = require "slots"

local M = {}

-- Seconds since it came in for which a request is tried anew.
local LONGEST = 3.5
-- nginx allows ten of these; with fewer seconds to each a request could come to an eleventh.
local PATIENCE = 0.5

local function is_safe(var)
    local method = ngx.req.get_method()
    if method == "GET" or method == "HEAD" then
        return true
    end
    -- Of every attempt so far, like "0, -": not one byte left for an instance.
    return not string.find(var.upstream_bytes_sent or "", "[1-9]")
end

function M.enter()
    local var = ngx.var
    local last = string.match(var.upstream_addr or "", "([^%s,]+)$")
    if last then
        peers.rest(last)
    end
    slots.leave()
    if not is_safe(var) then
        return answer.unavailable(
            "The part of the shop that was asked broke off; what was asked may have been done or not.")
    end
    local left = LONGEST - (ngx.now() - ngx.req.start_time())
    if left < 0 then
        return answer.unavailable()
    end
    return access.enter_with_slot(left, PATIENCE)
end

return M
