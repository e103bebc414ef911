-- First half of settling a replayed delivery: its letter turns delivered. The second half, in the same MULTI, is BullMQ's moveToFinished.
-- KEYS  1 lock of the job   2 letter (hash)   3 sorted set of queued letters   4 sorted set of delivered letters   5 attempts (list)   6 books
-- ARGV  1 token of the lock   2 delivery id   3 now, ms   4 how long the letter stays, ms
-- Result: 1 when turned, 0 when the lock is not ours.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[6], 'delivered_again', 1)
redis.call('ZREM', KEYS[3], ARGV[2])
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HSET', KEYS[2], 'state', 'delivered', 'delivered_at', ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  redis.call('PEXPIRE', KEYS[5], ARGV[4])
  redis.call('ZADD', KEYS[4], ARGV[3], ARGV[2])
end
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', ARGV[3] - ARGV[4])
return 1
