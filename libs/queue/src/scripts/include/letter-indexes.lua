-- The indexes of dead letters: sorted sets by time of death for all, code, connection, tenant and fingerprint, under one prefix and in one slot.
local function index_letter(prefix, id, died_at, code, connection, tenant, fingerprint)
  redis.call('ZADD', prefix .. 'dead', died_at, id)
  redis.call('ZADD', prefix .. 'code:' .. code, died_at, id)
  redis.call('ZADD', prefix .. 'connection:' .. connection, died_at, id)
  redis.call('ZADD', prefix .. 'tenant:' .. tenant, died_at, id)
  redis.call('ZADD', prefix .. 'fingerprint:' .. fingerprint, died_at, id)
end

local function unindex_letter(prefix, id, letter)
  local code, connection, tenant, fingerprint = unpack(redis.call('HMGET', letter, 'code', 'connection_id', 'tenant_id', 'fingerprint'))
  redis.call('ZREM', prefix .. 'dead', id)
  redis.call('ZREM', prefix .. 'code:' .. code, id)
  redis.call('ZREM', prefix .. 'connection:' .. connection, id)
  redis.call('ZREM', prefix .. 'tenant:' .. tenant, id)
  redis.call('ZREM', prefix .. 'fingerprint:' .. fingerprint, id)
end
