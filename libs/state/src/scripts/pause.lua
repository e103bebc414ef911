-- Adds a reason to wait, or moves its end later.
-- KEYS  1 pauses (hash: reason → until in ms, reason:message → text)
-- ARGV  1 reason   2 until, ms   3 message
-- Result: 1 when the reason was not in force, else 0. Cost: 7 commands on one small hash.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local former = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if former <= tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], ARGV[1] .. ':message', ARGV[3])
end
--@include expire-pauses
return former <= now and 1 or 0
