-- A delivery that is not sent by rule or consent: claimed and counted, nothing stored.
-- KEYS  1 claim   2 books
-- ARGV  1 delivery id   2 life of the claim in ms
-- Result: 1 when new, 0 when a duplicate.
if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end
redis.call('HINCRBY', KEYS[2], 'accepted', 1)
redis.call('HINCRBY', KEYS[2], 'skipped_at_door', 1)
return 1
