-- First half of skipping in a worker: the count. The second half, in the same MULTI, is BullMQ's moveToFinished.
-- KEYS  1 lock of the job   2 books
-- ARGV  1 token of the lock
-- Result: 1 when counted, 0 when the lock is not ours.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('HINCRBY', KEYS[2], 'skipped', 1)
return 1
