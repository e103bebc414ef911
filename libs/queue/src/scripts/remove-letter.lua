-- Removes a dead letter for good.
-- KEYS  1 letter (hash)   2 sorted set of the dead (the other indexes stand beside it)   3 attempts (list)   4 books   5 claim of the delivery
-- ARGV  1 delivery id
-- Result: 1 when removed, 0 when it is not dead (any more).
if redis.call('HGET', KEYS[1], 'state') ~= 'dead' then return 0 end
local prefix = string.sub(KEYS[2], 1, -5)
local code, connection, tenant, fingerprint, received = unpack(redis.call('HMGET', KEYS[1], 'code', 'connection_id', 'tenant_id', 'fingerprint', 'received_at'))
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', prefix .. 'code:' .. code, ARGV[1])
redis.call('ZREM', prefix .. 'connection:' .. connection, ARGV[1])
redis.call('ZREM', prefix .. 'tenant:' .. tenant, ARGV[1])
redis.call('ZREM', prefix .. 'fingerprint:' .. fingerprint, ARGV[1])
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HINCRBY', KEYS[4], 'removed', 1)
-- the claim of a delivery lives 48 h from acceptance once nothing of it is left
redis.call('PEXPIREAT', KEYS[5], tonumber(received or '0') + 172800000, 'LT')
return 1
