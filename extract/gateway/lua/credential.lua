-- What in a request may prove who it is from.
local options = require "options"

local M = {}

local find, sub = string.find, string.sub
local name = options.session_cookie
local is_session = "^" .. name:gsub("%W", "%%%0") .. "%s*$"

function M.may_be_in(cookies)
    return find(cookies, name, 1, true)
end

-- The session's cookies (all of them, as they were sent) and the other ones; nil for none. Names
-- are trimmed as Django trims them.
function M.split(cookies)
    local session, others
    local from, length = 1, #cookies
    while from <= length do
        local to = find(cookies, ";", from, true) or length + 1
        local first = find(cookies, "[^%s;]", from)
        if first and first < to then
            local cookie = sub(cookies, first, to - 1)
            local equals = find(cookie, "=", 1, true)
            if equals and find(sub(cookie, 1, equals - 1), is_session) then
                session = session and session .. ";" .. cookie or cookie
            else
                others = others and others .. "; " .. cookie or cookie
            end
        end
        from = to + 1
    end
    return session, others
end

return M
