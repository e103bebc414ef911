import { setTimeout as delay } from 'node:timers/promises'
import { endpointsOf } from '@relay/delivery/endpoints'
import { addConnection, type ProvisionTools } from '@relay/delivery/provision'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import { mapPlatforms, PLATFORM_IDS } from '@relay/core/ids'
import { createHttp } from '@relay/platforms/http'
import { PLATFORMS } from '@relay/platforms/registry'
import { openQueue, type Queues } from '@relay/queue/queues'
import { openVerdictQueue } from '@relay/queue/verdicts'
import { type Books, readBooks } from '@relay/state/books'
import { createIngestKey } from '@relay/state/ingest-keys'
import { connectRedis } from '@relay/state/redis'
import { createTenant } from '@relay/state/tenants'
import { readMasterKeyFile } from '@relay/vault/master-key-file'
import type { Redis } from 'ioredis'
import { type Fleet, simulatedBaseUrl } from '../fleet.ts'
import { CAST, type Part, TENANTS, WRONG_TOKEN } from './cast.ts'
import { createShop, type Shop } from './shop.ts'

/** The demo's own hands on the fleet, by the same libraries that the commands use. */
export interface Stage extends AsyncDisposable {
  readonly redis: Redis
  readonly shops: readonly Shop[]
  readonly connections: ReadonlyMap<ConnectionId, Part>
  /** How the set of wrong credentials was refused. */
  readonly refusal: string
  books(): Promise<Record<PlatformId, Books>>
  /** Resolves when nothing waits, is held or in flight any more, and every later verdict is in. */
  untilQuiet(withinMs: number): Promise<void>
}

/** Makes tenants, keys and connections, each checked by a real call to the simulator. */
export async function setStage(fleet: Fleet): Promise<Stage> {
  const redis = connectRedis({ url: fleet.redisUrl, patience: 'wait', onError: () => {} })
  const http = createHttp({ requestTimeoutMs: 5_000 })
  const queues = mapPlatforms((platform) => openQueue(platform, redis))
  const verdicts = PLATFORM_IDS.filter((id) => PLATFORMS[id].verdict !== undefined).map((id) => openVerdictQueue(id, redis))
  const tools = await provisionTools(fleet, redis, queues, http)
  for (const id of TENANTS) await createTenant(redis, { id, name: id, createdAt: Date.now() })
  const connections = new Map<ConnectionId, Part>()
  for (const part of CAST) connections.set(await connect(tools, part), part)
  const shops = await Promise.all(TENANTS.map((tenant) => openShop(fleet, redis, tenant)))

  const books = async (): Promise<Record<PlatformId, Books>> => {
    const entries = await Promise.all(PLATFORM_IDS.map(async (platform) => [platform, await readBooks(redis, platform)] as const))
    return Object.fromEntries(entries) as Record<PlatformId, Books>
  }
  const openVerdicts = async (): Promise<number> => {
    const counts = await Promise.all(verdicts.map((queue) => queue.getJobCountByTypes('delayed', 'waiting', 'active', 'prioritized')))
    return counts.reduce((sum, count) => sum + count, 0)
  }
  /** Verdicts on both sides of the books: a verdict may send a delivery on its way, and a delivery that ends may open a verdict. */
  const isQuiet = async (): Promise<boolean> =>
    (await openVerdicts()) === 0 &&
    Object.values(await books()).every(({ waiting, held, active }) => waiting + held + active === 0) &&
    (await openVerdicts()) === 0
  return {
    redis,
    shops,
    connections,
    refusal: await refusedCredentials(tools),
    books,
    async untilQuiet(withinMs) {
      const giveUpAt = performance.now() + withinMs
      while (!(await isQuiet())) {
        if (performance.now() > giveUpAt) throw new Error(`deliveries were still on their way after ${withinMs / 1_000} s`)
        await delay(100)
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...Object.values(queues), ...verdicts].map((queue) => queue.close()))
      await http.close()
      redis.disconnect()
    },
  }
}

async function provisionTools(fleet: Fleet, redis: Redis, queues: Queues, http: ProvisionTools['http']): Promise<ProvisionTools> {
  const endpoints = mapPlatforms((platform) =>
    endpointsOf(PLATFORMS[platform], { baseUrl: simulatedBaseUrl(fleet.simulatorUrl!, platform) }),
  )
  const keyRing = await readMasterKeyFile(fleet.masterKeyFile!)
  return { redis, http, keyRing, queues, endpoints, actor: 'demo', platforms: PLATFORMS, clock: Date.now, wait: (ms) => delay(ms) }
}

async function connect(tools: ProvisionTools, part: Part): Promise<ConnectionId> {
  const answer = await addConnection(tools, part.tenant, part.platform, part.input)
  if (answer.kind === 'checked') return answer.connection.id
  throw new Error(`${part.platform} connection of ${part.tenant} was not made: ${JSON.stringify(answer)}`)
}

async function refusedCredentials(tools: ProvisionTools): Promise<string> {
  const answer = await addConnection(tools, WRONG_TOKEN.tenant, WRONG_TOKEN.platform, WRONG_TOKEN.input)
  if (answer.kind !== 'refused') throw new Error(`wrong credentials were not refused: ${answer.kind}`)
  return `${answer.report.message} (${answer.report.details.field})`
}

async function openShop(fleet: Fleet, redis: Redis, tenant: Part['tenant']): Promise<Shop> {
  const { key } = await createIngestKey(redis, tenant, ['events:write'], Date.now())
  return createShop(tenant, fleet.ingestUrl, key)
}
