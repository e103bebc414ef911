-- Promises due times to rows that wait for a connection's rate, one behind the other over all workers.
-- KEYS  1 until when slots are promised (ms since 1970)
-- ARGV  1 rows   2 not before, ms since 1970   3 time between rows, ms
-- Result: the first row's due time, ms since 1970, rounded up.
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local start = math.max(now, tonumber(ARGV[2]), tonumber(redis.call('GET', KEYS[1]) or '0'))
local last = start + tonumber(ARGV[1]) * tonumber(ARGV[3])
redis.call('SET', KEYS[1], string.format('%.3f', last), 'PX', math.max(1, math.ceil(last - now)))
return math.ceil(start)
