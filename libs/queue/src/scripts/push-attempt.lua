-- Keeps a failed attempt of a delivery.
-- KEYS  1 attempts (list)
-- ARGV  1 attempt (JSON)   2 how many are kept   3 how long, ms
-- Result: how many there are now.
redis.call('RPUSH', KEYS[1], ARGV[1])
redis.call('LTRIM', KEYS[1], -ARGV[2], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return redis.call('LLEN', KEYS[1])
