-- First half of a replay: the letter turns queued. The second half, in the same MULTI, adds the job of this generation.
-- KEYS  1 letter (hash)   2 prefix of the letters' sorted sets, all in this slot   3 deduplication key of this generation's job   4 backlog (hash)   5 deadlines (hash)
-- ARGV  1 delivery id   2 generation: replay count as read, plus one   3 now, ms   4 life of the generation's key, ms   5 tenant   6 hour of the deadline
-- Result: 1 when claimed, 0 when the letter is not dead at this generation any more: then the generation's key is taken here, so that the add queues nothing.
--@include letter-indexes
local state, count = unpack(redis.call('HMGET', KEYS[1], 'state', 'replay_count'))
if state ~= 'dead' or tonumber(count or '0') + 1 ~= tonumber(ARGV[2]) then
  redis.call('SET', KEYS[3], 'refused', 'PX', ARGV[4], 'NX')
  return 0
end
unindex_letter(KEYS[2], ARGV[1], KEYS[1])
redis.call('ZADD', KEYS[2] .. 'queued', ARGV[3], ARGV[1])
redis.call('HSET', KEYS[1], 'state', 'queued', 'replay_count', ARGV[2], 'replayed_at', ARGV[3])
redis.call('HINCRBY', KEYS[4], ARGV[5], 1)
redis.call('HINCRBY', KEYS[5], ARGV[6], 1)
return 1
