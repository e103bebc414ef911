-- The pauses live ten minutes longer than the last of them: when a maintenance ended is known by its until.
local last = now
for _, reason in ipairs({ 'maintenance', 'limit', 'configuration', 'operator' }) do
  last = math.max(last, tonumber(redis.call('HGET', KEYS[1], reason) or '0'))
end
redis.call('PEXPIREAT', KEYS[1], last + 600000)
