-- Grants a part of a batch from token buckets. A bucket is "tokens at" of its last grant, so that a limit may change at any time.
-- KEYS  1 events of the platform   2 events of the connection   3 requests of the application   4 its requests a day; absent: full
-- ARGV  1 events wanted   then for each key: burst (0: no limit), time between grants in ms, quantum; a request takes one token whatever it carries
-- Result: granted, retry after (ms, rounded up), who limits: 0 nobody, else the number of the key
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local wanted = tonumber(ARGV[1])
local granted, wait, by = wanted, 0, 0
local tokens = {}
for i = 1, 4 do
  local burst, interval, quantum = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
  if burst > 0 then
    local last = redis.call('GET', KEYS[i])
    tokens[i] = burst
    if last then
      local left, at = string.match(last, '^(%S+) (%S+)$')
      tokens[i] = math.min(burst, tonumber(left) + math.max(0, now - tonumber(at)) / interval)
    end
    -- a hair of float error must not cost a grant
    local free = math.floor(tokens[i] + 1e-6)
    local least = i > 2 and 1 or math.min(wanted, quantum)
    if free < least then
      granted = 0
      local missing = (least - tokens[i]) * interval
      if missing > wait then wait, by = missing, i end
    elseif i <= 2 and free < granted then
      granted = free
      by = i
    end
  end
end
if wait > 0 then return { 0, math.ceil(wait), by } end
for i = 1, 4 do
  if tokens[i] and granted > 0 then
    local left = tokens[i] - (i > 2 and 1 or granted)
    local full = (tonumber(ARGV[3 * i - 1]) - left) * tonumber(ARGV[3 * i])
    redis.call('SET', KEYS[i], string.format('%.6f %.3f', left, now), 'PX', math.max(1, math.ceil(full)))
  end
end
if granted < wanted then return { granted, math.ceil(tonumber(ARGV[3 * by]) * math.min(wanted - granted, tonumber(ARGV[3 * by + 1]))), by } end
return { granted, 0, 0 }
