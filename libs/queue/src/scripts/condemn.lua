-- A later verdict refuses a delivery that was booked delivered: it is dead from now on, with its payload from the verdict's record.
-- KEYS  1 record of the request (hash: place → payload)   2 books   3 letter (hash)   4 prefix of the letters' sorted sets, all in this slot
--       5 attempts (list)   6 claim of the delivery
-- ARGV  1 place in the request   2 delivery id   3 died at, ms   4 retention in ms   5 attempt (JSON)
--       6 generation of the delivery: how often its letter was replayed when this request was sent
--       7 code   8 connection   9 tenant   10 fingerprint   11… fields of the letter, name and value
-- Result: 1 when condemned; 0 when this place has had its verdict, or the delivery one by another request (a worker that died before it could settle
--         leaves two), or has been replayed since: it is counted once.
--@include letter-indexes
--@include bury-letter
if redis.call('HDEL', KEYS[1], ARGV[1]) == 0 then return 0 end
local state, replays = unpack(redis.call('HMGET', KEYS[3], 'state', 'replay_count'))
if state and (state ~= 'delivered' or tonumber(replays or '0') > tonumber(ARGV[6])) then return 0 end
redis.call('HINCRBY', KEYS[2], 'undelivered', 1)
bury_letter(KEYS[3], KEYS[5], KEYS[6], KEYS[4], { ARGV[2], ARGV[3], ARGV[4], ARGV[5] }, { unpack(ARGV, 7) })
return 1
