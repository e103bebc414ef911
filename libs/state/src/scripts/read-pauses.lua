-- KEYS  1 pauses (hash: reason → until in ms, reason:message → text)
-- Result: rows {reason, until, message} of the reasons whose end is still to come.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rows = {}
for _, reason in ipairs({ 'maintenance', 'limit', 'configuration', 'operator' }) do
  local fields = redis.call('HMGET', KEYS[1], reason, reason .. ':message')
  if fields[1] and tonumber(fields[1]) > now then rows[#rows + 1] = { reason, fields[1], fields[2] or '' } end
end
return rows
