import type { BatchId, ConnectionId, DeliveryId, PlatformId, TenantId } from '@relay/core/ids'

/*
 * Every key of ours in Redis. Shapes, with what is in them and how long they live:
 *
 *   relay:{control}:tenants                    set of tenant ids                                    lasting
 *   relay:{control}:tenant:<tenant>            hash: record (JSON)                                  lasting
 *   relay:{control}:ingest-key:<sha256>        hash: record (JSON) of an ingest key                 lasting, until removed
 *   relay:{control}:ingest-keys:<tenant>       hash: key id → sha256                                lasting
 *   relay:{control}:connections                set of connection ids                                lasting
 *   relay:{control}:connections:<tenant>       hash: connection id → platform and account           lasting
 *   relay:{control}:connection:<connection>    hash: record (JSON), sealed (envelope)               lasting, until removed
 *   relay:{control}:connections-version        counter, moves with every change                     lasting
 *   relay:{control}:audit:<tenant>             stream, capped                                       lasting
 *   relay:{control}:audit                      the same of what belongs to no tenant                lasting
 *   relay:{control}:process:<process>          JSON: heartbeat of a live process                    15 s
 *   relay:{control}:processes                  set of process ids, dead ones until looked up          10 min after the last beat
 *   relay:{control}:batch:<batch>              hash: a tracked batch, see tracked-batches.ts        24 h
 *   relay:{<platform>}:books                   hash of counters, see books.ts                       lasting
 *   relay:{<platform>}:breaker                 JSON with version, see circuit-breaker.ts            1 d after the last change, or while it is open
 *   relay:{<platform>}:pauses                  hash: reason → until, detail                         10 min past the longest reason
 *   relay:{<platform>}:maintenance             JSON with version, see maintenance.ts                10 min past the last window
 *   relay:{<platform>}:limits                  hash: platform or connection → events a minute, as set      lasting
 *   relay:{<platform>}:learned                 JSON with version: scope → learned rate                  1 h after the last change
 *   relay:{<platform>}:rate:<scope>            tokens and the time of the last grant, grant.lua     until the bucket is full again
 *   relay:{<platform>}:promised:<connection>   until when due times are promised to its held rows       until then
 *   relay:{<platform>}:token:<connection>      sealed access token                                  its own life
 *   relay:{<platform>}:lease:<name>            owner                                                the lease
 *   relay:{<platform>}:delivered:<delivery>    mark that it was delivered but not settled           48 h
 *   relay:{<platform>}:flight:<id>             JSON of a request on its way                             7 d, gone with its answer
 *   relay:{<platform>}:flights                 set of those ids                                         lasting, empty at rest
 *   relay:{<platform>}:attempts:<delivery>     list of failed attempts (JSON), the last 20          100 d after the last
 *   relay:{<platform>}:tags                    hash: connection → its next round in the fair order      until the queue runs empty
 *   relay:{<platform>}:deadlines               hash: hour since 1970 → waiting, held, active by deadline    lasting
 *   relay:{<platform>}:outcomes:<minute>       hash: delivered, dead                                    30 min
 *   relay:{<platform>}:backlog                 hash: tenant → waiting, held, active deliveries      lasting
 *   relay:{<platform>}:verdict:<request>       hash: place → payload, until the verdict is in          26 h
 *   relay:{<platform>}:trace                   stream of what became of rows, see trace.ts              RELAY_TRACE_RETENTION after the last, capped
 *   relay:{<platform>}:holds-history           stream of why the queue waited, capped                   30 d after the last
 *   relay:{<platform>}:names:<tenant>          sorted set: names that are no canonical ones → last seen    130 d after the last, capped
 *   relay:{<platform>}:letter:<delivery>       hash: one record per delivery for life               30 d after death, 24 h after delivery
 *   relay:{<platform>}:letters:<index>         sorted set by time of death                          lasting, bounded with the letters
 *
 * BullMQ's keys are relay:{<platform>}:<platform>:…, relay:{<platform>}:verdicts:… and relay:{inbox}:inbox:…; one hash tag per platform keeps each platform in one cluster slot.
 */

/** Where a letter may live: a platform, or the inbox. */
export type LetterBox = PlatformId | 'inbox'

const control = (rest: string): string => `relay:{control}:${rest}`
const of = (box: LetterBox, rest: string): string => `relay:{${box}}:${rest}`

export const keys = {
  tenants: () => control('tenants'),
  tenant: (tenant: TenantId) => control(`tenant:${tenant}`),
  ingestKey: (sha256: string) => control(`ingest-key:${sha256}`),
  ingestKeys: (tenant: TenantId) => control(`ingest-keys:${tenant}`),
  connections: () => control('connections'),
  tenantConnections: (tenant: TenantId) => control(`connections:${tenant}`),
  connection: (connection: ConnectionId) => control(`connection:${connection}`),
  connectionsVersion: () => control('connections-version'),
  audit: (tenant: TenantId) => control(`audit:${tenant}`),
  fleetAudit: () => control('audit'),
  process: (processId: string) => control(`process:${processId}`),
  processes: () => control('processes'),
  batch: (batch: BatchId) => control(`batch:${batch}`),

  books: (platform: PlatformId) => of(platform, 'books'),
  breaker: (platform: PlatformId) => of(platform, 'breaker'),
  pauses: (platform: PlatformId) => of(platform, 'pauses'),
  maintenance: (platform: PlatformId) => of(platform, 'maintenance'),
  limits: (platform: PlatformId) => of(platform, 'limits'),
  learned: (platform: PlatformId) => of(platform, 'learned'),
  platformRate: (platform: PlatformId) => of(platform, 'rate:platform'),
  connectionRate: (platform: PlatformId, connection: ConnectionId) => of(platform, `rate:connection:${connection}`),
  requestRate: (platform: PlatformId, application: string) => of(platform, `rate:requests:${application}`),
  dailyRequestRate: (platform: PlatformId, application: string) => of(platform, `rate:daily-requests:${application}`),
  promisedSlots: (platform: PlatformId, connection: ConnectionId) => of(platform, `promised:${connection}`),
  accessToken: (platform: PlatformId, connection: ConnectionId) => of(platform, `token:${connection}`),
  lease: (platform: PlatformId, name: string) => of(platform, `lease:${name}`),
  deliveredMark: (platform: PlatformId, delivery: DeliveryId) => of(platform, `delivered:${delivery}`),
  flights: (platform: PlatformId) => of(platform, 'flights'),
  flight: (platform: PlatformId, id: string) => of(platform, `flight:${id}`),
  attempts: (platform: PlatformId, delivery: DeliveryId) => of(platform, `attempts:${delivery}`),
  tags: (platform: PlatformId) => of(platform, 'tags'),
  verdict: (platform: PlatformId, requestId: string) => of(platform, `verdict:${requestId}`),
  deadlines: (platform: PlatformId) => of(platform, 'deadlines'),
  outcomes: (platform: PlatformId, minute: number) => of(platform, `outcomes:${minute}`),
  backlog: (platform: PlatformId) => of(platform, 'backlog'),
  trace: (platform: PlatformId) => of(platform, 'trace'),
  holdsHistory: (platform: PlatformId) => of(platform, 'holds-history'),
  eventNames: (platform: PlatformId, tenant: TenantId) => of(platform, `names:${tenant}`),

  letter: (box: LetterBox, delivery: string) => of(box, `letter:${delivery}`),
  /** Of all sorted sets below; scripts make the names from it. */
  lettersPrefix: (box: LetterBox) => of(box, 'letters:'),
  letters: (box: LetterBox, index: 'dead' | 'queued' | 'delivered') => of(box, `letters:${index}`),
  lettersByCode: (box: LetterBox, code: string) => of(box, `letters:code:${code}`),
  lettersByConnection: (box: LetterBox, connection: string) => of(box, `letters:connection:${connection}`),
  lettersByTenant: (box: LetterBox, tenant: string) => of(box, `letters:tenant:${tenant}`),
  lettersByFingerprint: (box: LetterBox, fingerprint: string) => of(box, `letters:fingerprint:${fingerprint}`),

  /** BullMQ's prefix; its keys are `<prefix>:<queue>:<part>`. */
  queuePrefix: (box: LetterBox) => `relay:{${box}}`,
  queuePart: (box: LetterBox, part: string) => `relay:{${box}}:${box}:${part}`,
} as const
