-- Writes a hash field if it still holds what was read, and moves a version counter.
-- KEYS  1 hash   2 counter
-- ARGV  1 field   2 value as read   3 new value
-- Result: 1 when written, 0 when somebody else was first.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('INCR', KEYS[2])
return 1
