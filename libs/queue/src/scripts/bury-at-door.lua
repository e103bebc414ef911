-- A delivery known to fail at acceptance: claimed, counted and dead in one step.
-- KEYS  1 claim   2 books   3 letter (hash)   4 prefix of the letters' sorted sets, all in this slot   5 attempts (list)
-- ARGV  1 delivery id   2 life of the claim in ms   3 died at, ms   4 code   5 connection   6 tenant   7 fingerprint   8… fields of the letter, name and value
-- Result: 1 when new, 0 when a duplicate.
--@include letter-indexes
--@include bury-letter
if not redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 0 end
redis.call('HINCRBY', KEYS[2], 'accepted', 1)
bury_letter(KEYS[3], KEYS[5], KEYS[1], KEYS[4], { ARGV[1], ARGV[3], ARGV[2], '' }, { unpack(ARGV, 4) })
return 1
