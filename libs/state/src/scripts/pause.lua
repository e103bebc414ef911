-- Adds a reason to wait, or moves its end later.
-- KEYS  1 pauses (hash: reason → until in ms, reason:message → text)
-- ARGV  1 reason   2 until, ms   3 message
-- Result: 1 when the reason was not in force, else 0.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local former = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if former < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2], ARGV[1] .. ':message', ARGV[3])
end
local last = 0
for _, reason in ipairs({ 'maintenance', 'limit', 'configuration', 'operator' }) do
  last = math.max(last, tonumber(redis.call('HGET', KEYS[1], reason) or '0'))
end
redis.call('PEXPIREAT', KEYS[1], math.max(last, now + 1000))
return former <= now and 1 or 0
