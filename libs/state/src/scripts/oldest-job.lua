-- Age of the oldest job among the first of each list.
-- KEYS  1 wait (the oldest at its end)   2 prioritized   3 delayed
-- ARGV  1 prefix of job keys   2 how many of each to look at
-- Result: age in ms, 0 where there is none.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local n = tonumber(ARGV[2])
local oldest = now
local function look(ids)
  for _, id in ipairs(ids) do
    local at = tonumber(redis.call('HGET', ARGV[1] .. id, 'timestamp') or now)
    if at < oldest then oldest = at end
  end
end
look(redis.call('LRANGE', KEYS[1], -1, -1))
look(redis.call('ZRANGE', KEYS[2], 0, n - 1))
look(redis.call('ZRANGE', KEYS[3], 0, n - 1))
return now - oldest
