-- A letter of the inbox; there is no job and no claim beside it, and its books are apart.
-- KEYS  1 letter (hash)   2 prefix of the letters' sorted sets, all in this slot
-- ARGV  1 letter id   2 died at, ms   3… fields of the letter, name and value
-- Result: 1 when new, 0 when it was there.
--@include letter-indexes
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'dead', 'replay_count', 0, unpack(ARGV, 3))
local code, connection, tenant, fingerprint = unpack(redis.call('HMGET', KEYS[1], 'code', 'connection_id', 'tenant_id', 'fingerprint'))
index_letter(KEYS[2], ARGV[1], ARGV[2], code, connection, tenant, fingerprint)
return 1
