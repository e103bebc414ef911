import { openInboxQueue } from '@relay/queue/inbox-queue'
import type { Door } from './door.ts'
import { ProducerError } from './producer-error.ts'

/** Pushes into the queue `inbox`, from where the ingest takes it. Raw identifiers stand in Redis until then: HTTP is the better way. */
export function createInboxDoor(options: { readonly redisUrl: string; readonly tenantId: string }): Door {
  // What is wrong shows in the push that fails by it.
  const inbox = openInboxQueue(options.redisUrl, () => {})
  return {
    async attempt(chunk) {
      try {
        await inbox.push(
          options.tenantId,
          chunk.map(({ json }) => JSON.parse(json) as unknown),
        )
      } catch (cause) {
        return { kind: 'later', code: 'UNREACHABLE', message: 'Redis could not be reached, or did not answer in time', cause }
      }
      return { kind: 'taken', result: { accepted: chunk.length, duplicates: 0, errors: [], notices: [], batchIds: [] } }
    },
    async readBatch() {
      throw new ProducerError('NOT_FOUND', 'Events that are pushed into the inbox are not tracked: send them over HTTP')
    },
    close: () => inbox.close(),
  }
}
