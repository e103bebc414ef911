-- First half of a replay: the letter turns queued. The second half, in the same MULTI, adds the job of this generation.
-- KEYS  1 letter (hash)   2 sorted set of the dead (the other indexes stand beside it)   3 deduplication key of this generation's job   4 backlog (hash)
-- ARGV  1 delivery id   2 generation: replay count as read, plus one   3 now, ms   4 life of the generation's key, ms   5 tenant
-- Result: 1 when claimed, 0 when the letter is not dead at this generation any more: then the generation's key is taken here, so that the add queues nothing.
local state, count = unpack(redis.call('HMGET', KEYS[1], 'state', 'replay_count'))
if state ~= 'dead' or tonumber(count or '0') + 1 ~= tonumber(ARGV[2]) then
  redis.call('SET', KEYS[3], 'refused', 'PX', ARGV[4], 'NX')
  return 0
end
local prefix = string.sub(KEYS[2], 1, -5)
local code, connection, tenant, fingerprint = unpack(redis.call('HMGET', KEYS[1], 'code', 'connection_id', 'tenant_id', 'fingerprint'))
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', prefix .. 'code:' .. code, ARGV[1])
redis.call('ZREM', prefix .. 'connection:' .. connection, ARGV[1])
redis.call('ZREM', prefix .. 'tenant:' .. tenant, ARGV[1])
redis.call('ZREM', prefix .. 'fingerprint:' .. fingerprint, ARGV[1])
redis.call('ZADD', prefix .. 'queued', ARGV[3], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'queued', 'replay_count', ARGV[2], 'replayed_at', ARGV[3])
redis.call('HINCRBY', KEYS[4], ARGV[5], 1)
return 1
