import { randomBytes } from 'node:crypto'
import { configOrExit, exitWithFaults } from '@relay/config/process-config'
import { createLogger } from '@relay/observe/logger'
import { loadKeyRing } from '@relay/vault/load-key-ring'
import { startIngest } from './ingest.ts'

const config = configOrExit(['RELAY_REDIS_URL'])
const processId = `ingest_${randomBytes(6).toString('base64url')}`
const logger = createLogger({ process: 'ingest', level: config.RELAY_LOG_LEVEL })
const keyRing = await loadKeyRing({ file: config.RELAY_MASTER_KEY_FILE, text: config.RELAY_MASTER_KEY }).catch((error: Error) =>
  exitWithFaults([
    { name: config.RELAY_MASTER_KEY_FILE === undefined ? 'RELAY_MASTER_KEY' : 'RELAY_MASTER_KEY_FILE', message: error.message },
  ]),
)
if (keyRing === undefined) {
  exitWithFaults([{ name: 'RELAY_MASTER_KEY_FILE', message: 'is missing: the ingest seals with it what it cannot take from the inbox' }])
}

const ingest = await startIngest(config, { processId, logger, keyRing, redisUrl: config.RELAY_REDIS_URL! }).catch((error: unknown) => {
  logger.fatal({ err: error }, 'the ingest could not start')
  process.exit(1)
})

let isStopping = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (isStopping) return
    isStopping = true
    logger.info({ signal }, 'draining')
    ingest
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
