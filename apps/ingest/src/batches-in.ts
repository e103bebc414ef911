import type { BatchRecords } from '@relay/accept/track'
import { dropBatch, isBatchDone, noteRow, openBatch, readBatch } from '@relay/state/tracked-batches'
import type { Redis } from 'ioredis'
import type { ReadBatchContext } from './read-batch.ts'

/** The records of tracked batches in this Redis, for those who open and those who read them. */
export const batchesIn = (redis: Redis): BatchRecords & Pick<ReadBatchContext, 'read' | 'isDone'> => ({
  open: (batch) => openBatch(redis, batch),
  skip: (batchId, { index, connectionId }) => noteRow(redis, { batchId, connectionId, batchIndex: index }, { kind: 'skipped' }),
  drop: (id) => dropBatch(redis, id),
  read: (id) => readBatch(redis, id),
  isDone: (id) => isBatchDone(redis, id),
})
