-- What became of one row of a tracked batch: told as often as it likes, counted once.
-- KEYS  1 record of the batch (hash)
-- ARGV  1 connection   2 index in the request   3 state: d, s, f and its code and message; '' where it waits again   4 1 where a delivered row may change
-- Result: 1 when noted, 0 when the record is gone, has no such connection, or the row is delivered. Cost: at most 4 commands.
if redis.call('HEXISTS', KEYS[1], 'connection:' .. ARGV[1]) == 0 then return 0 end
local row = 'row:' .. ARGV[1] .. ':' .. ARGV[2]
local before = redis.call('HGET', KEYS[1], row)
if before == 'd' and ARGV[4] ~= '1' then return 0 end
if ARGV[3] ~= '' then
  redis.call('HSET', KEYS[1], row, ARGV[3])
  if not before then redis.call('HINCRBY', KEYS[1], 'pending', -1) end
elseif before then
  redis.call('HDEL', KEYS[1], row)
  redis.call('HINCRBY', KEYS[1], 'pending', 1)
end
return 1
