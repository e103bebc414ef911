-- A delivery known to fail at acceptance: claimed, counted and dead in one step.
-- KEYS  1 claim   2 books   3 letter (hash)   4 sorted set of the dead; the other indexes stand beside it under the same prefix and slot
-- ARGV  1 delivery id   2 life of the claim in ms   3 died at, ms   4 code   5 connection   6 tenant   7 fingerprint   8… fields of the letter, name and value
-- Result: 1 when new, 0 when a duplicate.
if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end
redis.call('HINCRBY', KEYS[2], 'accepted', 1)
redis.call('HSET', KEYS[3], 'state', 'dead', 'died_at', ARGV[3], 'replay_count', 0, 'code', ARGV[4], 'connection_id', ARGV[5], 'tenant_id', ARGV[6], 'fingerprint', ARGV[7], unpack(ARGV, 8))
local prefix = string.sub(KEYS[4], 1, -5)
redis.call('ZADD', KEYS[4], ARGV[3], ARGV[1])
redis.call('ZADD', prefix .. 'code:' .. ARGV[4], ARGV[3], ARGV[1])
redis.call('ZADD', prefix .. 'connection:' .. ARGV[5], ARGV[3], ARGV[1])
redis.call('ZADD', prefix .. 'tenant:' .. ARGV[6], ARGV[3], ARGV[1])
redis.call('ZADD', prefix .. 'fingerprint:' .. ARGV[7], ARGV[3], ARGV[1])
return 1
