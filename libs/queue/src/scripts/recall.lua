-- First half of sending again what a later verdict puts off: the books. The second half, in the same MULTI, adds the job.
-- KEYS  1 record of the request (hash: place → payload)   2 books   3 backlog (hash)   4 deduplication key of the job   5 claim of the delivery   6 deadlines (hash)
-- ARGV  1 place in the request   2 tenant   3 life of the deduplication key, ms   4 life of the claim, ms   5 hour of the deadline   6 id of the job, which the claim names from now on
-- Result: 1 when recalled, 0 when this place has had its verdict: then the job's key is taken here, so that the add queues nothing.
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then
  redis.call('SET', KEYS[4], 'refused', 'PX', ARGV[3], 'NX')
  return 0
end
redis.call('HINCRBY', KEYS[2], 'undelivered', 1)
redis.call('HINCRBY', KEYS[3], ARGV[2], 1)
redis.call('HINCRBY', KEYS[6], ARGV[5], 1)
redis.call('SET', KEYS[5], ARGV[6], 'XX', 'KEEPTTL')
redis.call('PEXPIRE', KEYS[5], ARGV[4], 'GT')
return 1
