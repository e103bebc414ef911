-- All counts of one platform at one instant.
-- KEYS  1 books   2 wait   3 paused   4 prioritized   5 delayed   6 active   7 metrics of completed jobs   8 dead letters
-- Result: accepted, imported, skipped_at_door, skipped, delivered_again, undelivered, removed, waiting, held, active, completed, dead
local counts = {}
for i, field in ipairs({ 'accepted', 'imported', 'skipped_at_door', 'skipped', 'delivered_again', 'undelivered', 'removed' }) do
  counts[i] = tonumber(redis.call('HGET', KEYS[1], field) or '0')
end
counts[8] = redis.call('LLEN', KEYS[2]) + redis.call('LLEN', KEYS[3]) + redis.call('ZCARD', KEYS[4])
counts[9] = redis.call('ZCARD', KEYS[5])
counts[10] = redis.call('LLEN', KEYS[6])
counts[11] = tonumber(redis.call('HGET', KEYS[7], 'count') or '0')
counts[12] = redis.call('ZCARD', KEYS[8])
return counts
