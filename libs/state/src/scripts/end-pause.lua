-- Ends one reason to wait now; the others stay. Of a maintenance the end is kept, since the fleet returns from it in a ramp.
-- KEYS  1 pauses (hash: reason → until in ms, reason:message → text)
-- ARGV  1 reason
-- Result: 1 when the reason was in force, else 0. Cost: 8 commands on one small hash.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local former = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if former <= now then return 0 end
if ARGV[1] == 'maintenance' then
  redis.call('HSET', KEYS[1], 'maintenance', now)
else
  redis.call('HDEL', KEYS[1], ARGV[1], ARGV[1] .. ':message')
end
--@include expire-pauses
return 1
