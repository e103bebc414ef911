-- Writes a delivery's one record as dead, whatever it was before.
--   letter, attempts, claim   keys    prefix   of the letters' sorted sets
--   death   {id, died at (ms), retention (ms), attempt (JSON) or ''}   fields   {code, connection, tenant, fingerprint, name, value, …}
local function bury_letter(letter, attempts, claim, prefix, death, fields)
  local id, died_at, retention, attempt = unpack(death)
  redis.call('HSET', letter, 'state', 'dead', 'died_at', died_at, 'code', fields[1], 'connection_id', fields[2], 'tenant_id', fields[3], 'fingerprint', fields[4], unpack(fields, 5))
  redis.call('HSETNX', letter, 'replay_count', 0)
  redis.call('PERSIST', letter)
  redis.call('ZREM', prefix .. 'queued', id)
  redis.call('ZREM', prefix .. 'delivered', id)
  index_letter(prefix, id, died_at, fields[1], fields[2], fields[3], fields[4])
  if attempt ~= '' then
    redis.call('RPUSH', attempts, attempt)
    redis.call('LTRIM', attempts, -20, -1)
  end
  redis.call('PEXPIRE', attempts, retention)
  redis.call('PEXPIRE', claim, retention, 'GT')
end
