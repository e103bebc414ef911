import type { Accept } from '@relay/accept/accept'
import type { EventError } from '@relay/accept/accept-result'
import { createBatchId } from '@relay/accept/batch-id'
import type { TenantId } from '@relay/core/ids'
import { isJsonObject } from '@relay/core/json'
import type { InboxRefusal } from '@relay/queue/inbox-letters'
import { readInboxJob } from './read-inbox-job.ts'

interface Parts {
  readonly accept: Accept
  /** Idempotent for a job and place. */
  readonly bury: (refusals: readonly InboxRefusal[]) => Promise<void>
  readonly maxEvents: number
}

/**
 * One job through the same door as a request. Whatever can't be taken becomes a letter of the inbox: the whole job where it can't be read, else each bad event.
 * May be repeated after a crash: good events are known by their claims, letters by their ids. Throws what `accept` and `bury` throw.
 */
export async function takeInboxJob(jobId: string, data: unknown, { accept, bury, maxEvents }: Parts): Promise<void> {
  const job = readInboxJob(data)
  if (!job.ok) {
    const error = { code: 'INVALID_EVENT', message: job.message, path: job.path } as const
    await bury([{ tenantId: job.tenantId, jobId, index: undefined, eventName: undefined, error, body: data }])
    return
  }
  for (let start = 0; start < job.events.length; start += maxEvents) {
    const slice = job.events.slice(start, start + maxEvents)
    const events = slice.map((value) => ({ ok: true, value }) as const)
    const { errors } = await accept({ tenantId: job.tenantId, batchId: createBatchId(), events })
    if (errors.length > 0) await bury(errors.map((error) => refusalOf(error, job.tenantId, jobId, slice[error.index], start)))
  }
}

function refusalOf(error: EventError, tenantId: TenantId, jobId: string, body: unknown, start: number): InboxRefusal {
  const { code, message, path } = error
  const name = isJsonObject(body) ? body['event_name'] : undefined
  return {
    tenantId,
    jobId,
    index: start + error.index,
    eventName: typeof name === 'string' ? name.slice(0, 128) : undefined,
    error: { code, message, path } as InboxRefusal['error'],
    body,
  }
}
