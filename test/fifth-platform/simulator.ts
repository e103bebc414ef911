import { json, page, retryAfter } from '../../apps/simulator/src/answer.ts'
import type { Answer } from '../../apps/simulator/src/answer.ts'
import { firstAccount } from '../../apps/simulator/src/call.ts'
import type { Booking, Call, Desk, Incoming, PlatformApi, PlatformId, Result } from '../../apps/simulator/src/call.ts'
import { isFields, isSha256, isText, listOf, parseJson, textOf } from '../../apps/simulator/src/fields.ts'
import type { Fields } from '../../apps/simulator/src/fields.ts'

// Written from https://developers.pinboard.example by itself: nothing of the adapter is imported.
const ID = 'pinboard' as PlatformId

const fault = (status: number, code: number, headers = {}): Answer => json(status, { code, message: 'See the list of codes.' }, headers)

/** The conversions API of a platform that does not exist: each event of a request is judged by itself. */
export function createPinboard(desk: Desk): PlatformApi {
  return {
    id: ID,
    dedupWindowMs: 7 * 86_400_000,
    limitedBy: firstAccount,
    read: (incoming) => readCall(desk, incoming),
    notFound: () => page(404, '404 Not Found'),
    rateLimited: (params) => fault(params.status ?? 429, 8, retryAfter(params.retry_after_s)),
    serverError: (params) => fault(params.status ?? 500, 11),
    maintenance: (params) => page(503, 'Maintenance', retryAfter(params.retry_after_s)),
    tooLarge: () => page(413, '413 Request Entity Too Large'),
  }
}

function readCall(desk: Desk, incoming: Incoming): Call | undefined {
  const [, account, events] = /^\/v5\/ad_accounts\/([^/]+)(\/events)?$/.exec(incoming.path) ?? []
  if (account === undefined || incoming.method !== (events === undefined ? 'GET' : 'POST')) return undefined
  const token = (incoming.header('authorization') ?? '').replace(/^Bearer /, '')
  const body = parseJson(incoming.text)
  const data = isFields(body) ? listOf(body['data']) : []
  return {
    door: events === undefined ? 'check' : 'events',
    token,
    arrivals: new Map([[account, data.length]]),
    answer(): Result {
      if (desk.judgeToken(ID, token) !== 'good') return { answer: fault(401, 2) }
      if (desk.judgeAccount(ID, account, token) !== 'good') return { answer: fault(404, 50) }
      return events === undefined
        ? { answer: json(200, { id: account }), bookings: [] }
        : take(data, account, incoming.query('test') === 'true')
    },
  }
}

function take(data: readonly unknown[], account: string, isTest: boolean): Result {
  const judged = data.map((event) => (isFields(event) && isIdentified(event['user_data']) ? event : undefined))
  const entries = judged.map((event) => (event === undefined ? { status: 'failed', error_message: 'user_data' } : { status: 'processed' }))
  const bookings = judged.filter((event) => event !== undefined).map((event) => book(account, event, isTest))
  return { answer: json(200, { num_events_received: data.length, events: entries }), bookings }
}

const isIdentified = (user: unknown): boolean => isFields(user) && [...listOf(user['em']), ...listOf(user['ph'])].some(isSha256)

function book(account: string, event: Fields, isTest: boolean): Booking {
  const id = textOf(event['event_id'])
  return {
    account,
    name: textOf(event['event_name']),
    id,
    timeS: Number(event['event_time']),
    key: isText(id) ? id : '',
    as: isTest ? 'test' : 'live',
  }
}
