-- After deliveries ended: tenants' backlog down, claims back to 48 h from acceptance. An empty queue puts every count right.
-- KEYS  1 backlog (hash)   2 wait   3 prioritized   4 delayed   5 active   6… claims
-- ARGV  1 number of tenants n   then n × tenant, count   then one expiry (ms since 1970) per claim
-- Result: 1
local n = tonumber(ARGV[1])
for i = 1, n do
  redis.call('HINCRBY', KEYS[1], ARGV[2 * i], -ARGV[2 * i + 1])
end
if redis.call('LLEN', KEYS[2]) + redis.call('ZCARD', KEYS[3]) + redis.call('ZCARD', KEYS[4]) + redis.call('LLEN', KEYS[5]) == 0 then
  redis.call('DEL', KEYS[1])
end
for i = 6, #KEYS do
  redis.call('PEXPIREAT', KEYS[i], ARGV[1 + 2 * n + i - 5], 'LT')
end
return 1
