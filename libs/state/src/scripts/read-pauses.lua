-- Why a platform waits, as written; what is over is sorted out by the reader.
-- KEYS  1 pauses (hash: reason → until in ms, reason:message → text)   2 declared maintenance (hash: json, version)
-- Result: the time of Redis in ms, json of the declared windows or '', rows {reason, until, message}. Cost: 6 commands.
local time = redis.call('TIME')
local rows = {}
for _, reason in ipairs({ 'maintenance', 'limit', 'configuration', 'operator' }) do
  local fields = redis.call('HMGET', KEYS[1], reason, reason .. ':message')
  if fields[1] then rows[#rows + 1] = { reason, fields[1], fields[2] or '' } end
end
return { time[1] * 1000 + math.floor(time[2] / 1000), redis.call('HGET', KEYS[2], 'json') or '', rows }
