-- Claims an account for a connection within one tenant.
-- KEYS  1 the tenant's connections: hash, connection id → platform:account
-- ARGV  1 connection id   2 platform:account
-- Result: 1 when claimed (or held by this connection already), else the id of the connection that has it.
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if all[i + 1] == ARGV[2] and all[i] ~= ARGV[1] then return all[i] end
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
