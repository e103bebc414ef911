-- The limits that an operator has set, and what tells when the last maintenance ended.
-- KEYS  1 limits (hash: platform or connection → events a minute)   2 pauses   3 declared maintenance (hash: json, version)
-- Result: the time of Redis in ms, until of the recognised maintenance or '', json of the declared windows or '', fields and values of 1. Cost: 4 commands.
local time = redis.call('TIME')
return {
  time[1] * 1000 + math.floor(time[2] / 1000),
  redis.call('HGET', KEYS[2], 'maintenance') or '',
  redis.call('HGET', KEYS[3], 'json') or '',
  redis.call('HGETALL', KEYS[1]),
}
