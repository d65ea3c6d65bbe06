"""What happens inside Redis, each in one step and on Redis' own clock (Lua).

``KEYS``: 1 leases (id → end), 2 records (id → JSON), 3 withdrawn (id → end), 4 drained ids,
5 version, 6 channel, 7 doubts ("id looker" → end). Moments are microseconds. The version is the
moment of the last change, so that it never comes again, not even after a flush.
"""

NAMES = ("leases", "records", "withdrawn", "drained", "version", "changes", "doubts")

_NOW = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
"""

_CHANGED = """
local function changed()
  local last = tonumber(redis.call('GET', KEYS[5]) or '0') or 0
  local version = text(math.max(last + 1, now))
  redis.call('SET', KEYS[5], version)
  redis.call('PUBLISH', KEYS[6], version)
end
"""

ANNOUNCE = f"""{_NOW}{_CHANGED}
-- id, record, lease, after how long a lapsed record is dropped
local id, record = ARGV[1], ARGV[2]
if tonumber(redis.call('ZSCORE', KEYS[3], id) or '0') > now then return 0 end
local ends = tonumber(redis.call('ZSCORE', KEYS[1], id) or '0')
local before = redis.call('HGET', KEYS[2], id)
redis.call('ZADD', KEYS[1], text(now + ARGV[3]), id)
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now - ARGV[4]), 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('ZREM', KEYS[1], unpack(old))
  redis.call('HDEL', KEYS[2], unpack(old))
end
if before ~= record then redis.call('HSET', KEYS[2], id, record) end
if before ~= record or ends <= now or #old > 0 then changed() end
return 1
"""

WITHDRAW = f"""{_NOW}{_CHANGED}
-- id, how long it is remembered
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', text(now))
redis.call('ZADD', KEYS[3], text(now + ARGV[2]), ARGV[1])
changed()
"""

# An empty id is always among them: Redis cannot tell an empty set from none.
SET_DRAINED = f"""{_NOW}{_CHANGED}
local told = redis.call('SMISMEMBER', KEYS[4], unpack(ARGV))
local same = redis.call('SCARD', KEYS[4]) == #ARGV
for _, is_member in ipairs(told) do same = same and is_member == 1 end
if same then return end
redis.call('DEL', KEYS[4])
redis.call('SADD', KEYS[4], unpack(ARGV))
changed()
"""

DOUBT = f"""{_NOW}
-- how long it holds, the doubts
redis.call('ZREMRANGEBYSCORE', KEYS[7], '-inf', text(now))
for i = 2, #ARGV do redis.call('ZADD', KEYS[7], text(now + ARGV[1]), ARGV[i]) end
"""

LOOK = f"""{_NOW}
-- the version whose records the caller has
local version = redis.call('GET', KEYS[5]) or '0'
local records = false
if version ~= ARGV[1] then records = redis.call('HGETALL', KEYS[2]) end
return {{
  version,
  redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', text(now)),
  redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. text(now), '+inf'),
  redis.call('SMEMBERS', KEYS[4]),
  redis.call('ZRANGEBYSCORE', KEYS[7], '(' .. text(now), '+inf'),
  records,
}}
"""
