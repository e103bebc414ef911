-- Counts how many of these deliveries are new, just before the adds of the same MULTI take their claims.
-- KEYS  1 books   2 backlog: hash, tenant → waiting, held and active deliveries   3… claims, one per delivery, in order
-- ARGV  1 tenant
-- Result: how many are new; the same claim twice counts once.
local seen, fresh = {}, 0
for i = 3, #KEYS do
  if not seen[KEYS[i]] then
    seen[KEYS[i]] = true
    fresh = fresh + 1 - redis.call('EXISTS', KEYS[i])
  end
end
if fresh > 0 then
  redis.call('HINCRBY', KEYS[1], 'accepted', fresh)
  redis.call('HINCRBY', KEYS[2], ARGV[1], fresh)
end
return fresh
