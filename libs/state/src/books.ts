import type { PlatformId } from '@relay/core/ids'
import type { Redis } from 'ioredis'
import { keys } from './keys.ts'
import { loadScript } from './script.ts'

/*
 * The books of a platform, all in deliveries: accepted + imported = delivered + waiting + held + active + dead + skipped + removed.
 *
 * Counted in `books`:   accepted          at the door, in the step that takes the claim
 *                       skipped_at_door   by rule or consent, at the door
 *                       skipped           by rule or consent, in a worker
 *                       delivered_again   replayed letters that arrived
 *                       undelivered       booked delivered, then refused or put off by a later verdict
 *                       imported          letters brought in from elsewhere
 *                       removed           purged or expired letters
 * Read from the queue:  waiting, held, active, and how many jobs BullMQ's metrics count as completed: the fresh deliveries that arrived. Jobs that end by
 *                       our own scripts (buried, skipped, replayed) are settled without those metrics and counted by the script.
 * Read from the letters: dead.
 */

export interface Books {
  readonly accepted: number
  readonly imported: number
  readonly delivered: number
  readonly waiting: number
  readonly held: number
  readonly active: number
  readonly dead: number
  readonly skipped: number
  readonly removed: number
  /** 0, or something is wrong. */
  readonly unaccounted: number
}

const readCounts = loadScript(new URL('.', import.meta.url), 'read-books')

/** One script, so that the numbers are of one instant. */
export async function readBooks(redis: Redis, platform: PlatformId): Promise<Books> {
  const queue = ['wait', 'paused', 'prioritized', 'delayed', 'active', 'metrics:completed'].map((part) => keys.queuePart(platform, part))
  const from = [keys.books(platform), ...queue, keys.letters(platform, 'dead')]
  const counts = (await readCounts.run(redis, from, [])) as number[]
  const [
    accepted = 0,
    imported = 0,
    skippedAtDoor = 0,
    skipped = 0,
    deliveredAgain = 0,
    undelivered = 0,
    removed = 0,
    waiting = 0,
    held = 0,
    active = 0,
    completed = 0,
    dead = 0,
  ] = counts
  return sum({
    accepted,
    imported,
    removed,
    waiting,
    held,
    active,
    dead,
    delivered: completed + deliveredAgain - undelivered,
    skipped: skippedAtDoor + skipped,
  })
}

/** Adds the difference between both sides. Pure. */
export function sum(books: Omit<Books, 'unaccounted'>): Books {
  const { accepted, imported, delivered, waiting, held, active, dead, skipped, removed } = books
  return { ...books, unaccounted: accepted + imported - (delivered + waiting + held + active + dead + skipped + removed) }
}
