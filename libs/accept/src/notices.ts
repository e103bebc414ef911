import type { ErrorDetail } from '@relay/core/errors'
import { connectionBody } from '@relay/core/platform-bodies'
import type { FieldWarning, WarningReason } from '@relay/core/event'
import type { Connection } from '@relay/core/connection'
import type { PlatformId } from '@relay/core/ids'
import type { JsonObject } from '@relay/core/json'
import type { Notice, NoticeCode } from './accept-result.ts'

/** As many examples as a person can use. */
const MAX_EXAMPLES = 10
/** Distinct fields in one notice; a request may invent thousands of names. */
const MAX_FIELDS = 100

interface Group {
  readonly code: NoticeCode
  readonly message: string
  readonly connection: Connection | undefined
  count: number
  readonly eventIds: string[]
  readonly details: JsonObject
}

interface FieldCount {
  readonly field: string
  readonly reason: WarningReason
  /** Events. */
  count: number
  readonly platforms: Set<PlatformId>
  readonly firstIndex: number
}

/** Sums up what is worth telling over the events of one request: one notice per code and connection, in the order of first appearance. */
export interface NoticeBoard {
  /** A delivery that is not queued, by rule or for good. */
  addReason(reason: ErrorDetail, connection: Connection, eventId: string): void
  addKnown(code: 'PARTLY_DUPLICATE' | 'IN_DEAD_LETTERS', connection: Connection, eventId: string): void
  addUnreached(name: string, eventId: string): void
  /** Of one event; several platforms with the same to say about a field count once. */
  addWarnings(index: number, warnings: readonly { readonly warning: FieldWarning; readonly platform: PlatformId | undefined }[]): void
  list(): Notice[]
}

const KNOWN_MESSAGES = {
  PARTLY_DUPLICATE: 'These deliveries were known already and are not sent again; others of the same events are new',
  IN_DEAD_LETTERS: 'These deliveries were taken before and are dead letters now: replay them, sending them again does nothing',
} as const

function add(groups: Map<string, Group>, key: string, eventId: string, make: () => Omit<Group, 'count' | 'eventIds'>): void {
  let group = groups.get(key)
  if (group === undefined) groups.set(key, (group = { ...make(), count: 0, eventIds: [] }))
  group.count += 1
  if (group.eventIds.length < MAX_EXAMPLES) group.eventIds.push(eventId)
}

/** Dead credentials are told of in the one way in which they are told of everywhere (case 12). */
function toldOf(reason: ErrorDetail, { platform, status }: Connection): Pick<Group, 'message' | 'details'> {
  if (reason.code === 'CREDENTIALS_EXPIRED') return connectionBody(platform, reason.code)
  return { message: reason.message, details: status.state === 'error' ? { action_required: status.actionRequired } : {} }
}

export function createNoticeBoard(): NoticeBoard {
  const groups = new Map<string, Group>()
  const fields = new Map<string, FieldCount>()
  let omittedFields = 0

  return {
    addReason(reason, connection, eventId) {
      add(groups, `${reason.code} ${connection.id}`, eventId, () => ({
        code: reason.code,
        ...toldOf(reason, connection),
        connection,
      }))
    },
    addKnown(code, connection, eventId) {
      add(groups, `${code} ${connection.id}`, eventId, () => ({ code, message: KNOWN_MESSAGES[code], connection, details: {} }))
    },
    addUnreached(name, eventId) {
      const message = `destinations names ${name}, where nothing is enabled: the events went to their other destinations only`
      add(groups, `NO_DESTINATION ${name}`, eventId, () => ({
        code: 'NO_DESTINATION',
        message,
        connection: undefined,
        details: { destination: name },
      }))
    },
    addWarnings(index, warnings) {
      const seen = new Set<string>()
      for (const { warning, platform } of warnings) {
        const key = `${warning.field} ${warning.reason}`
        let entry = fields.get(key)
        if (entry === undefined && fields.size >= MAX_FIELDS) {
          omittedFields += 1
          continue
        }
        if (entry === undefined) fields.set(key, (entry = { ...warning, count: 0, platforms: new Set(), firstIndex: index }))
        if (!seen.has(key)) entry.count += 1
        seen.add(key)
        if (platform !== undefined) entry.platforms.add(platform)
      }
    },
    list() {
      const notices = [...groups.values()].map(noticeOf)
      return fields.size === 0 ? notices : [...notices, fieldsNotice([...fields.values()], omittedFields)]
    },
  }
}

const noticeOf = ({ code, message, connection, count, eventIds, details }: Group): Notice => ({
  code,
  message,
  ...(connection === undefined ? {} : { platform: connection.platform, connection_id: connection.id }),
  count,
  details: { ...(connection === undefined ? {} : { platform: connection.platform }), ...details, event_ids: eventIds },
})

function fieldsNotice(fields: readonly FieldCount[], omitted: number): Notice {
  const entries = fields.map(({ field, reason, count, platforms, firstIndex }) => ({
    field,
    reason,
    count,
    first_index: firstIndex,
    ...(platforms.size === 0 ? {} : { platforms: [...platforms] }),
  }))
  return {
    code: 'FIELDS_DROPPED',
    message: 'Some fields were left out or are in doubt; the events went on with what is left',
    count: entries.reduce((sum, { count }) => sum + count, 0),
    details: { fields: entries, ...(omitted === 0 ? {} : { fields_omitted: omitted }) },
  }
}
