import type { Queue } from 'bullmq'
import type { ChainableCommander } from 'ioredis'

/** A MULTI on the queue's connection, in which BullMQ's scripts and ours are one step. */
export const openMulti = async (queue: Queue): Promise<ChainableCommander> =>
  (await queue.backend.client).multi() as unknown as ChainableCommander

/** The results in order. Throws the first error, also where the server has dropped the whole of it. */
export async function execute(commands: ChainableCommander): Promise<unknown[]> {
  const replies = await commands.exec()
  if (replies === null) throw new Error('Redis dropped the transaction')
  return replies.map(([error, result]) => {
    if (error !== null) throw error
    return result
  })
}
