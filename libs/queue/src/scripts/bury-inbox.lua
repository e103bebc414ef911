-- A letter of the inbox; there is no job and no claim beside it, and its books are apart.
-- KEYS  1 letter (hash)   2 sorted set of the dead (the other indexes stand beside it under the same prefix and slot)
-- ARGV  1 letter id   2 died at, ms   3… fields of the letter, name and value
-- Result: 1 when new, 0 when it was there.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'dead', 'replay_count', 0, unpack(ARGV, 3))
local prefix = string.sub(KEYS[2], 1, -5)
local code, connection, tenant, fingerprint = unpack(redis.call('HMGET', KEYS[1], 'code', 'connection_id', 'tenant_id', 'fingerprint'))
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZADD', prefix .. 'code:' .. code, ARGV[2], ARGV[1])
redis.call('ZADD', prefix .. 'connection:' .. connection, ARGV[2], ARGV[1])
redis.call('ZADD', prefix .. 'tenant:' .. tenant, ARGV[2], ARGV[1])
redis.call('ZADD', prefix .. 'fingerprint:' .. fingerprint, ARGV[2], ARGV[1])
return 1
