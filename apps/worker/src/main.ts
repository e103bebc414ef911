import { randomBytes } from 'node:crypto'
import { configOrExit, exitWithFaults } from '@relay/config/process-config'
import { createLogger } from '@relay/observe/logger'
import { loadKeyRing } from '@relay/vault/load-key-ring'
import { startWorker } from './worker.ts'

/** Past RELAY_SHUTDOWN_TIMEOUT: whoever is not gone by then waits for a Redis that is away. */
const GIVE_UP_AFTER_MS = 3_000

const config = configOrExit(['RELAY_REDIS_URL'])
const processId = `worker_${randomBytes(6).toString('base64url')}`
const logger = createLogger({ process: 'worker', level: config.RELAY_LOG_LEVEL })
const keyRing = await loadKeyRing({ file: config.RELAY_MASTER_KEY_FILE, text: config.RELAY_MASTER_KEY }).catch((error: Error) =>
  exitWithFaults([{ name: 'RELAY_MASTER_KEY_FILE', message: error.message }]),
)
if (keyRing === undefined)
  exitWithFaults([{ name: 'RELAY_MASTER_KEY_FILE', message: 'is missing: a worker opens sealed credentials with it' }])

const worker = await startWorker(config, { processId, logger, keyRing, redisUrl: config.RELAY_REDIS_URL! })

let stopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return
    stopping = true
    logger.info({ signal }, 'draining')
    setTimeout(() => {
      logger.warn('the drain did not come to its end, as happens where Redis is away: what was in hand is left to recovery')
      process.exit(1)
    }, config.RELAY_SHUTDOWN_TIMEOUT + GIVE_UP_AFTER_MS).unref()
    worker
      .close()
      .then(() => {
        logger.info('drained')
        process.exit(0)
      })
      .catch((error: unknown) => {
        logger.error({ err: error }, 'drain failed')
        process.exit(1)
      })
  })
}
