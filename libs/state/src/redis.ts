import { Redis } from 'ioredis'

export interface RedisOptions {
  readonly url: string
  /**
   * `fail-fast` (ingest, CLI): a command fails within about a second when Redis is away, so that a producer gets its 503.
   * `wait` (workers): commands wait for Redis to come back, as BullMQ's workers demand.
   */
  readonly patience: 'fail-fast' | 'wait'
  /** Called once per distinct fault, not once per reconnect. */
  readonly onError: (error: Error) => void
}

/** A connection that comes back by itself: 50 ms, 100 ms, … at most 1 s between tries (BullMQ's own default waits up to 20 s). */
export function connectRedis({ url, patience, onError }: RedisOptions): Redis {
  const redis = new Redis(url, {
    maxRetriesPerRequest: patience === 'wait' ? null : 1,
    enableOfflineQueue: patience === 'wait',
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), 1_000),
    ...(patience === 'fail-fast' ? { commandTimeout: 1_500 } : {}),
  })
  let last = ''
  redis.on('error', (error: Error) => {
    if (error.message === last) return
    last = error.message
    onError(error)
  })
  redis.on('ready', () => {
    last = ''
  })
  return redis
}

/** Resolves when the connection can take commands; rejects after `withinMs`. */
export function whenReady(redis: Redis, withinMs: number): Promise<void> {
  if (redis.status === 'ready') return Promise.resolve()
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      redis.off('ready', ready)
      reject(new Error(`Redis did not answer within ${withinMs} ms: check RELAY_REDIS_URL and that the server runs`))
    }, withinMs)
    const ready = (): void => {
      clearTimeout(timer)
      resolve()
    }
    redis.once('ready', ready)
  })
}
