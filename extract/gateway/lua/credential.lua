-- What in a request may prove who it is from.
local options = require "options"

local M = {}

local find, gsub, sub = string.find, string.gsub, string.sub
local name = options.session_cookie
-- Django trims names of all that Unicode calls a space, in UTF-8. Where one sided with it and the
-- other did not, a sender would be signed in for one of them alone.
local spaces = "[\9-\13\28-\32]*"
local is_session = "^" .. spaces .. gsub(name, "%W", "%%%0") .. spaces .. "$"
local wide_spaces = {
    "\194[\133\160]", -- U+0085, U+00A0
    "\225\154\128", -- U+1680
    "\226\128[\128-\138\168\169\175]", -- U+2000 to U+200A, U+2028, U+2029, U+202F
    "\226\129\159", -- U+205F
    "\227\128\128", -- U+3000
}

function M.may_be_in(cookies)
    return find(cookies, name, 1, true)
end

local function is_name(text)
    if not find(text, name, 1, true) then
        return false
    end
    for _, space in ipairs(wide_spaces) do
        text = gsub(text, space, " ")
    end
    return find(text, is_session)
end

-- The session's cookies (all of them, as they were sent) and the other ones; nil for none.
function M.split(cookies)
    local session, others
    local from, length = 1, #cookies
    while from <= length do
        local to = find(cookies, ";", from, true) or length + 1
        local first = find(cookies, "[^%s;]", from)
        if first and first < to then
            local cookie = sub(cookies, first, to - 1)
            local equals = find(cookie, "=", 1, true)
            if equals and is_name(sub(cookie, 1, equals - 1)) then
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
