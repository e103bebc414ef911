-- KEYS  1 document (hash: json, version)
-- ARGV  1 version as read ('0' when absent)   2 new json   3 life in ms
-- Result: 1 when written, 0 when somebody else wrote since.
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'json', ARGV[2], 'version', tonumber(version) + 1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
