-- Reserves places in the fair order: each connection's rows follow its own earlier ones, and never start behind the round that is being served.
-- KEYS  1 tags (hash: connection → its next round, a fraction where a round is not full)   2 the queue's prioritized set
-- ARGV  1 rows of one connection in one round   then pairs: connection, how many rows
-- Result: for each pair the round in which its first row stands, as text.
local head = redis.call('ZRANGE', KEYS[2], 0, 0, 'WITHSCORES')
local served = 0
if head[2] then
  served = math.max(0, math.floor(tonumber(head[2]) / 4294967296) - 1)
else
  redis.call('DEL', KEYS[1])
end
local rounds = {}
for i = 2, #ARGV, 2 do
  local round = math.max(tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0'), served)
  redis.call('HSET', KEYS[1], ARGV[i], string.format('%.6f', round + tonumber(ARGV[i + 1]) / tonumber(ARGV[1])))
  rounds[#rounds + 1] = string.format('%.6f', round)
end
return rounds
