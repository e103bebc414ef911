import { randomBytes } from 'node:crypto'
import { keyRingOrExit } from '@relay/config/key-ring-or-exit'
import { configOrExit, DRAIN_GRACE_MS } from '@relay/config/process-config'
import { createLogger } from '@relay/observe/logger'
import { runUntilSignal } from '@relay/observe/run-until-signal'
import { startWorker } from './worker.ts'

const config = configOrExit(['RELAY_REDIS_URL'])
const keyRing = await keyRingOrExit(config, 'a worker opens sealed credentials with it')
const processId = `worker_${randomBytes(6).toString('base64url')}`
const logger = createLogger({ process: 'worker', level: config.RELAY_LOG_LEVEL })

await runUntilSignal(() => startWorker(config, { processId, logger, keyRing, redisUrl: config.RELAY_REDIS_URL! }), {
  logger,
  drainMaxMs: config.RELAY_SHUTDOWN_TIMEOUT + DRAIN_GRACE_MS,
})
