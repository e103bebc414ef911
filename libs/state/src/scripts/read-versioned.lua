-- KEYS  1 document (hash: json, version)
-- Result: json or nil, version or nil, the time of Redis in ms
local time = redis.call('TIME')
local fields = redis.call('HMGET', KEYS[1], 'json', 'version')
return { fields[1], fields[2], time[1] * 1000 + math.floor(time[2] / 1000) }
