import { createHash, randomBytes } from 'node:crypto'
import type { EpochMs } from '@relay/core/clock'
import type { TenantId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'

export const KEY_SCOPES = ['events:write', 'batches:read'] as const
export type KeyScope = (typeof KEY_SCOPES)[number]

/** What is known of an ingest key; the key itself is shown once, when it is made, and only its SHA-256 is stored. */
export interface IngestKey {
  readonly keyId: string
  readonly tenantId: TenantId
  readonly scopes: readonly KeyScope[]
  readonly createdAt: EpochMs
}

const digestOf = (key: string): string => createHash('sha256').update(key).digest('hex')

/** 256 bits of randomness; lasting until removed. */
export async function createIngestKey(
  redis: Redis,
  tenantId: TenantId,
  scopes: readonly KeyScope[],
  now: EpochMs,
): Promise<{ key: string; record: IngestKey }> {
  const key = `rk_${randomBytes(32).toString('base64url')}`
  const record: IngestKey = { keyId: `k_${randomBytes(9).toString('base64url')}`, tenantId, scopes, createdAt: now }
  const digest = digestOf(key)
  await redis.hset(keys.ingestKey(digest), 'record', JSON.stringify(record))
  await redis.hset(keys.ingestKeys(tenantId), record.keyId, digest)
  return { key, record }
}

/** The record of a key as a producer sent it; undefined where it is unknown or removed. */
export async function findIngestKey(redis: Redis, key: string): Promise<IngestKey | undefined> {
  const text = await redis.hget(keys.ingestKey(digestOf(key)), 'record')
  return text === null ? undefined : (JSON.parse(text) as IngestKey)
}

export async function listIngestKeys(redis: Redis, tenantId: TenantId): Promise<IngestKey[]> {
  const digests = await redis.hvals(keys.ingestKeys(tenantId))
  const texts = await Promise.all(digests.map((digest) => redis.hget(keys.ingestKey(digest), 'record')))
  return texts.filter((text) => text !== null).map((text) => JSON.parse(text) as IngestKey)
}

/** False where the tenant has no such key. Takes effect at the next request. */
export async function removeIngestKey(redis: Redis, tenantId: TenantId, keyId: string): Promise<boolean> {
  const digest = await redis.hget(keys.ingestKeys(tenantId), keyId)
  if (digest === null) return false
  await redis.del(keys.ingestKey(digest))
  await redis.hdel(keys.ingestKeys(tenantId), keyId)
  return true
}
