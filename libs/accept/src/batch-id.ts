import { randomBytes } from 'node:crypto'
import type { BatchId } from '@relay/core/ids'

/** Names one request: random, 19 characters. */
export const createBatchId = (): BatchId => `b_${randomBytes(13).toString('base64url').slice(0, 17)}` as BatchId
