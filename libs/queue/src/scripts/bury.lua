-- First half of burying: the letter. The second half, in the same MULTI, is BullMQ's moveToFinished.
-- KEYS  1 lock of the job   2 books   3 letter (hash)   4 sorted set of the dead (the other indexes stand beside it under the same prefix and slot)
--       5 attempts (list)   6 claim of the delivery
-- ARGV  1 token of the lock   2 delivery id   3 died at, ms   4 retention in ms   5 last attempt (JSON) or ''
--       6 1 where the job did not come through the door, so that the books take it in here, else 0
--       7 code   8 connection   9 tenant   10 fingerprint   11… fields of the letter, name and value
-- Result: 1 when buried, 0 when the lock is not ours: then nothing is written.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local prefix = string.sub(KEYS[4], 1, -5)
local id = ARGV[2]
if ARGV[6] == '1' then redis.call('HINCRBY', KEYS[2], 'imported', 1) end
redis.call('HSET', KEYS[3], 'state', 'dead', 'died_at', ARGV[3], 'code', ARGV[7], 'connection_id', ARGV[8], 'tenant_id', ARGV[9], 'fingerprint', ARGV[10], unpack(ARGV, 11))
redis.call('HSETNX', KEYS[3], 'replay_count', 0)
redis.call('PERSIST', KEYS[3])
redis.call('ZREM', prefix .. 'queued', id)
redis.call('ZADD', KEYS[4], ARGV[3], id)
redis.call('ZADD', prefix .. 'code:' .. ARGV[7], ARGV[3], id)
redis.call('ZADD', prefix .. 'connection:' .. ARGV[8], ARGV[3], id)
redis.call('ZADD', prefix .. 'tenant:' .. ARGV[9], ARGV[3], id)
redis.call('ZADD', prefix .. 'fingerprint:' .. ARGV[10], ARGV[3], id)
if ARGV[5] ~= '' then
  redis.call('RPUSH', KEYS[5], ARGV[5])
  redis.call('LTRIM', KEYS[5], -20, -1)
end
redis.call('PEXPIRE', KEYS[5], ARGV[4])
redis.call('PEXPIRE', KEYS[6], ARGV[4], 'GT')
return 1
