-- First half of burying: the letter. The second half, in the same MULTI, is BullMQ's moveToFinished.
-- KEYS  1 lock of the job   2 books   3 letter (hash)   4 prefix of the letters' sorted sets, all in this slot   5 attempts (list)   6 claim of the delivery
-- ARGV  1 token of the lock   2 delivery id   3 died at, ms   4 retention in ms   5 last attempt (JSON) or ''
--       6 1 where the job did not come through the door, so that the books take it in here, else 0
--       7 code   8 connection   9 tenant   10 fingerprint   11… fields of the letter, name and value
-- Result: 1 when buried, 0 when the lock is not ours: then nothing is written.
--@include letter-indexes
--@include bury-letter
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[6] == '1' then redis.call('HINCRBY', KEYS[2], 'imported', 1) end
bury_letter(KEYS[3], KEYS[5], KEYS[6], KEYS[4], { ARGV[2], ARGV[3], ARGV[4], ARGV[5] }, { unpack(ARGV, 7) })
return 1
