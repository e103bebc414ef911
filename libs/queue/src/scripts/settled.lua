-- After deliveries ended: their tenants' backlog and the counts by deadline go down, claims back to 48 h from acceptance. An empty queue puts every count right.
-- KEYS  1 backlog (hash)   2 deadlines (hash)   3 wait   4 prioritized   5 delayed   6 active   7… claims
-- ARGV  1 number of tenants n, then n × tenant, count   then number of hours m, then m × hour, count   then one expiry (ms since 1970) per claim
-- Result: 1
local at = 1
for hash = 1, 2 do
  local n = tonumber(ARGV[at])
  for i = 1, n do
    redis.call('HINCRBY', KEYS[hash], ARGV[at + 2 * i - 1], -ARGV[at + 2 * i])
  end
  at = at + 1 + 2 * n
end
if redis.call('LLEN', KEYS[3]) + redis.call('ZCARD', KEYS[4]) + redis.call('ZCARD', KEYS[5]) + redis.call('LLEN', KEYS[6]) == 0 then
  redis.call('DEL', KEYS[1], KEYS[2])
end
for i = 7, #KEYS do
  redis.call('PEXPIREAT', KEYS[i], ARGV[at + i - 7], 'LT')
end
return 1
