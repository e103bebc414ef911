-- Removes a dead letter for good.
-- KEYS  1 letter (hash)   2 prefix of the letters' sorted sets, all in this slot   3 attempts (list)   4 books   5 claim of the delivery
-- ARGV  1 delivery id   2 how long a claim lives from acceptance, ms
-- Result: 1 when removed, 0 when it is not dead (any more).
--@include letter-indexes
if redis.call('HGET', KEYS[1], 'state') ~= 'dead' then return 0 end
unindex_letter(KEYS[2], ARGV[1], KEYS[1])
local received = redis.call('HGET', KEYS[1], 'received_at')
redis.call('DEL', KEYS[1], KEYS[3])
redis.call('HINCRBY', KEYS[4], 'removed', 1)
redis.call('PEXPIREAT', KEYS[5], tonumber(received or '0') + ARGV[2], 'LT')
return 1
