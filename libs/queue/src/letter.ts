import { createHash } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { Delivery } from '@relay/core/delivery'
import type { ErrorCode, ErrorDetail } from '@relay/core/errors'
import type { LetterBox } from '@relay/state/keys'
import { type Wait, writeWaits } from './waits.ts'

export type LetterState = 'dead' | 'queued' | 'delivered'

/** One failed attempt, as kept with the delivery. Codes and times, no payload. */
export interface Attempt {
  readonly at: EpochMs
  readonly code: ErrorCode
  readonly message: string
  readonly platform_code?: string
  readonly platform_request_id?: string
  readonly duration_ms?: number
  /** The request left and nothing readable came back: the platform may have taken it. */
  readonly maybe_taken?: boolean
  /** Its process died with the request in flight, which held this delivery alone or others too. */
  readonly died?: 'alone' | 'among others'
}

/** One record per delivery for life. Names are the public ones of `relay dlq … --json`. */
export interface Letter {
  readonly id: string
  readonly tenant_id: string
  readonly connection_id: string
  readonly platform: LetterBox
  readonly event_name: string
  readonly event_id: string
  readonly code: ErrorCode
  readonly message: string
  readonly platform_code: string | null
  readonly platform_request_id: string | null
  readonly exhausted: boolean
  readonly attempts: readonly Attempt[]
  readonly received_at: string
  readonly died_at: string
  readonly deadline_at: string
  readonly ambiguous: boolean
  readonly replay_count: number
  readonly state: LetterState
  readonly fingerprint: string
}

/** What groups letters: platform, code, platform code and the message with its numbers and ids taken out. 12 hex digits. */
export function fingerprintOf(platform: string, error: ErrorDetail): string {
  const message = error.message.replaceAll(/[0-9a-f]{8,}|\d+/gi, '#')
  return createHash('sha256')
    .update([platform, error.code, error.platformCode ?? '', message].join('\0'))
    .digest('hex')
    .slice(0, 12)
}

const MESSAGE_MAX = 500

interface Death {
  readonly delivery: Delivery
  readonly error: ErrorDetail
  /** The attempts ran out; the code is that of the last real cause. */
  readonly exhausted: boolean
  readonly ambiguous?: boolean
  /** Why it had been held. */
  readonly waits?: readonly Wait[]
}

/** Arguments of the burying scripts: code, connection, tenant, fingerprint, then the hash's fields as name and value. */
export function letterFields({ delivery, error, exhausted, ambiguous, waits = [] }: Death): string[] {
  const { event } = delivery
  const fields = {
    event_name: event.event_name,
    event_id: event.event_id,
    message: error.message.slice(0, MESSAGE_MAX),
    platform_code: error.platformCode ?? '',
    platform_request_id: error.platformRequestId ?? '',
    path: error.path ?? '',
    exhausted: exhausted ? '1' : '0',
    ambiguous: ambiguous === true ? '1' : '0',
    received_at: String(delivery.receivedAt),
    deadline_at: String(delivery.deadlineAt),
    delivery: JSON.stringify(delivery),
    ...(waits.length > 0 ? { waits: writeWaits(waits) } : {}),
  }
  return [error.code, delivery.connectionId, delivery.tenantId, fingerprintOf(delivery.platform, error), ...Object.entries(fields).flat()]
}

/** As letterFields, for a job that is no delivery: nothing in it can be named, so its body travels sealed. */
export function unreadableFields(
  platform: LetterBox,
  job: { readonly path: string; readonly reason: string; readonly receivedAt: EpochMs; readonly sealedBody: string },
): string[] {
  const place = job.path === '' ? 'its root' : job.path
  const error = {
    code: 'INVALID_EVENT',
    message: `The job is no delivery of this release: ${job.reason} at ${place}`,
    path: job.path,
  } as const
  const fields = {
    message: error.message,
    path: error.path,
    received_at: String(job.receivedAt),
    deadline_at: String(job.receivedAt),
    sealed_body: job.sealedBody,
  }
  return [error.code, 'unknown', 'unknown', fingerprintOf(platform, error), ...Object.entries(fields).flat()]
}

const instant = (text: string | undefined): string => new Date(Number(text ?? 0)).toISOString()

/** A letter from its hash and its list of attempts; undefined where there is none. */
export function readLetter(
  box: LetterBox,
  id: string,
  hash: Readonly<Record<string, string>>,
  attempts: readonly string[],
): Letter | undefined {
  if (hash['state'] === undefined) return undefined
  return {
    id,
    tenant_id: hash['tenant_id'] ?? '',
    connection_id: hash['connection_id'] ?? '',
    platform: box,
    event_name: hash['event_name'] ?? '',
    event_id: hash['event_id'] ?? '',
    code: (hash['code'] ?? 'INTERNAL') as ErrorCode,
    message: hash['message'] ?? '',
    platform_code: orNull(hash['platform_code']),
    platform_request_id: orNull(hash['platform_request_id']),
    exhausted: hash['exhausted'] === '1',
    attempts: attempts.map((text) => JSON.parse(text) as Attempt),
    received_at: instant(hash['received_at']),
    died_at: instant(hash['died_at']),
    deadline_at: instant(hash['deadline_at']),
    ambiguous: hash['ambiguous'] === '1',
    replay_count: Number(hash['replay_count'] ?? 0),
    state: hash['state'] as LetterState,
    fingerprint: hash['fingerprint'] ?? '',
  }
}

const orNull = (text: string | undefined): string | null => (text === undefined || text === '' ? null : text)
