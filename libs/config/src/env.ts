import { formatDurationMs, parseDurationMs } from '@relay/core/duration'
import { isPlatformId, mapPlatforms, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import { z } from 'zod'

/*
 * The whole environment of every process, one flat schema: each entry has its unit, its default and a line of description.
 * `.env.example` is printed from it (env-example.ts); nothing else in the product reads process.env.
 */

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text, context) => {
      const ms = parseDurationMs(text)
      if (ms !== undefined) return ms
      context.addIssue({ code: 'custom', message: 'must be a duration such as 500ms, 30s, 5m, 2h or 3d' })
      return z.NEVER
    })

const count = (fallback: number, min = 1) => z.coerce.number().int().min(min).default(fallback)
const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback)
const url = z.string().refine((text) => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol), 'must be an http or https URL')
const durations = (fallback: readonly number[]) =>
  z
    .string()
    .default(fallback.map(formatDurationMs).join(','))
    .transform((text, context) => {
      const steps = text.split(',').map((step) => parseDurationMs(step))
      if (steps.every((step) => step !== undefined)) return steps
      context.addIssue({ code: 'custom', message: 'must be durations with commas between them, such as 1s,2s,4s' })
      return z.NEVER
    })

const platformList = z
  .string()
  .default(PLATFORM_IDS.join(','))
  .transform((text, context) => {
    const names = text.split(',').map((name) => name.trim())
    const unknown = names.filter((name) => !isPlatformId(name))
    if (unknown.length === 0) return names as PlatformId[]
    context.addIssue({ code: 'custom', message: `names no platform: ${unknown.join(', ')}; known are ${PLATFORM_IDS.join(', ')}` })
    return z.NEVER
  })

const general = {
  RELAY_REDIS_URL: z
    .string()
    .refine((text) => URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol), 'must be a redis:// or rediss:// URL')
    .optional()
    .describe(
      'Redis or Valkey, append-only file on, maxmemory-policy noeviction. Without it `relay up` and `relay demo` start one of their own',
    ),
  RELAY_MASTER_KEY_FILE: z.string().optional().describe('File with the master keys, id:base64[,id:base64…], the first is current'),
  RELAY_MASTER_KEY: z.string().optional().describe('The same as text, where no file can be mounted. A secret'),
  RELAY_HTTP_HOST: z.string().default('0.0.0.0').describe('Address the ingest listens on'),
  RELAY_HTTP_PORT: port(8080).describe('Port of POST /v1/events'),
  RELAY_OPS_HOST: z.string().default('0.0.0.0').describe('Address of /metrics, /healthz, /readyz'),
  RELAY_OPS_PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe('Port of /metrics, /healthz, /readyz: 9464 for the ingest, 9465 for a worker'),
  RELAY_SIMULATOR_PORT: port(8090).describe('Port of `relay simulator`'),
  RELAY_PLATFORMS: platformList.describe('Platforms whose queues a worker drains'),
  RELAY_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info').describe('pino level'),
  RELAY_SHUTDOWN_TIMEOUT: duration('25s').describe('How long SIGTERM waits for what is in flight'),
  RELAY_REQUEST_TIMEOUT: duration('30s').describe('Whole time of one request to a platform'),
  RELAY_BREAKER_OPEN: duration('60s').describe('How long an open breaker rests before it probes'),
  RELAY_LINGER: duration('250ms').describe('How long a lone delivery waits for company'),
  RELAY_FETCH_AHEAD: count(1_000).describe('Deliveries a pool holds at once at most, whatever the rate limit would let it fetch'),
  RELAY_POOL_CONNECTIONS: count(32).describe('HTTP connections to one platform from one worker at most'),
  RELAY_POOL_WAIT: duration('5s').describe('How long a request waits for a free connection'),
  RELAY_TENANT_BACKLOG_MAX: count(1_000_000).describe('Waiting, held and active deliveries of a tenant past which the ingest answers 429'),
  RELAY_MAX_EVENTS_PER_REQUEST: count(1_000).describe('Events in one POST'),
  RELAY_MAX_REQUEST_BYTES: count(5 * 1024 * 1024).describe('Bytes of one POST, after inflating'),
  RELAY_MAX_EVENT_BYTES: count(64 * 1024).describe('Bytes of one event'),
  RELAY_MAX_CONTENTS: count(100).describe('Entries in custom_data.contents of one event'),
  RELAY_MAX_IDENTIFIER_VALUES: count(10).describe('Values of one identifier in user_data'),
  RELAY_MAX_EVENT_DEPTH: count(8).describe('How deep one event may be nested; the event itself is 1'),
  RELAY_VERDICT_DELAY: duration('30m').describe('From a taken request to the first look at its later verdict (Google Data Manager)'),
  RELAY_DEAD_LETTER_RETENTION: duration('30d').describe('Age at which a dead letter is removed, and counted as removed'),
  RELAY_DEAD_LETTERS_MAX: count(1_000_000).describe('Dead letters kept per platform'),
  RELAY_TRACE_RETENTION: duration('1h').describe(
    'How long Redis keeps what became of delivered events, for `relay trace`; 0s keeps nothing',
  ),
  RELAY_TRACE_ENTRIES_MAX: count(10_000).describe('Requests in that trace, per platform; 32 MB of them at most'),
  RELAY_DELIVERY_LOG_DIR: z
    .string()
    .optional()
    .describe('Folder of the delivery records (NDJSON, no event in them); without it none are written. `relay up` takes .relay/deliveries'),
  RELAY_DELIVERY_LOG_MAX_BYTES: count(1024 * 1024 * 1024, 1024 * 1024).describe(
    'Disk that the delivery records take at most; the oldest go first',
  ),
  RELAY_DELIVERY_LOG_RETENTION: duration('30d').describe('Age at which a file of delivery records is removed'),
} as const

type PerPlatform = {
  readonly [P in PlatformId]: {
    readonly baseUrl: string | undefined
    readonly tokenUrl: string | undefined
    readonly eventsPerMinute: number
    readonly retryDelaysMs: readonly number[]
  }
}

/** The four settings that each platform has, as schema entries; names derive from the platform's id. */
const platformEntries = (platform: PlatformId) => ({
  [`RELAY_${platform.toUpperCase()}_BASE_URL`]: url.optional().describe(`Where ${platform}'s API is; default the real one`),
  [`RELAY_${platform.toUpperCase()}_TOKEN_URL`]: url
    .optional()
    .describe(`Where ${platform}'s OAuth tokens are refreshed; default under the base URL if that is set, else the real one`),
  [`RELAY_${platform.toUpperCase()}_EVENTS_PER_MINUTE`]: count(PLATFORM_DEFAULTS[platform].eventsPerMinute).describe(
    'Rate limit of the whole fleet',
  ),
  [`RELAY_${platform.toUpperCase()}_RETRY_DELAYS`]: durations(PLATFORM_DEFAULTS[platform].retryDelaysMs).describe(
    'Waits before the 2nd, 3rd, … attempt',
  ),
})

export const environment = z.object({ ...general, ...Object.assign({}, ...PLATFORM_IDS.map(platformEntries)) } as typeof general)

export interface Config extends z.infer<z.ZodObject<typeof general>> {
  readonly platforms: PerPlatform
}

/** One wrong or missing setting. The value is never repeated: it may be a secret. */
export interface ConfigFault {
  readonly name: string
  readonly message: string
}

/** All faults at once, or the whole configuration. Empty variables count as absent. */
export function parseConfig(
  env: Readonly<Record<string, string | undefined>>,
): { ok: true; config: Config } | { ok: false; faults: ConfigFault[] } {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith('RELAY_') && value !== undefined && value !== ''),
  )
  const result = environment.safeParse(given)
  if (!result.success) {
    return { ok: false, faults: result.error.issues.map((issue) => ({ name: issue.path.join('.'), message: issue.message })) }
  }
  const values: Record<string, unknown> = { ...result.data }
  const of = (platform: PlatformId) => {
    const name = `RELAY_${platform.toUpperCase()}`
    const baseUrl = trimSlash(values[`${name}_BASE_URL`] as string | undefined)
    return {
      baseUrl,
      tokenUrl: values[`${name}_TOKEN_URL`] as string | undefined,
      eventsPerMinute: values[`${name}_EVENTS_PER_MINUTE`] as number,
      retryDelaysMs: values[`${name}_RETRY_DELAYS`] as readonly number[],
    }
  }
  return { ok: true, config: { ...result.data, platforms: mapPlatforms(of) } }
}

const trimSlash = (text: string | undefined): string | undefined => text?.replace(/\/+$/, '')
