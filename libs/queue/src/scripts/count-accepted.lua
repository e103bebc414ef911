-- Counts how many of these deliveries are new, just before the adds of the same MULTI take their claims.
-- KEYS  1 books   2 backlog: hash, tenant → waiting, held and active deliveries   3 deadlines: hash, hour since 1970 → the same by the hour of their deadline
--       4… claims, one per delivery, in order
-- ARGV  1 tenant   2… hour of each delivery's deadline, in order
-- Result: how many are new; the same claim twice counts once.
local seen, fresh = {}, 0
for i = 4, #KEYS do
  if not seen[KEYS[i]] then
    seen[KEYS[i]] = true
    if redis.call('EXISTS', KEYS[i]) == 0 then
      fresh = fresh + 1
      redis.call('HINCRBY', KEYS[3], ARGV[i - 2], 1)
    end
  end
end
if fresh > 0 then
  redis.call('HINCRBY', KEYS[1], 'accepted', fresh)
  redis.call('HINCRBY', KEYS[2], ARGV[1], fresh)
end
return fresh
