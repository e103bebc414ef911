import type { EpochMs } from '@relay/core/clock'
import type { Redis } from 'ioredis'
import { loadScript } from './script.ts'

/*
 * A small JSON document that many processes change: the decision is made in pure code on what was read, and written only if nobody else
 * wrote in between; else it is made again on the newer state. Time is Redis' own, so that no worker's clock decides.
 */

const read = loadScript(new URL('.', import.meta.url), 'read-versioned')
const write = loadScript(new URL('.', import.meta.url), 'write-versioned')

export interface Decision<S, R> {
  /** The next state; the very same object as before where nothing changes, and then nothing is written. */
  readonly state: S
  readonly result: R
}

export async function readVersioned<S>(redis: Redis, key: string, initial: S): Promise<{ state: S; version: string; now: EpochMs }> {
  const [text, version, now] = (await read.run(redis, [key], [])) as [string | null, string | null, number]
  return { state: text === null ? initial : (JSON.parse(text) as S), version: version ?? '0', now }
}

/** Reads, decides, writes; again until its write is the one that counts. The document lives `ttlMs` after its last change, which may depend on what it says. */
export async function changeVersioned<S, R>(
  redis: Redis,
  key: string,
  options: { readonly initial: S; readonly ttlMs: number | ((state: S, now: EpochMs) => number) },
  decide: (state: S, now: EpochMs) => Decision<S, R>,
): Promise<{ before: S; after: S; result: R }> {
  for (;;) {
    const { state, version, now } = await readVersioned(redis, key, options.initial)
    const decision = decide(state, now)
    if (decision.state === state) return { before: state, after: state, result: decision.result }
    const ttlMs = typeof options.ttlMs === 'number' ? options.ttlMs : options.ttlMs(decision.state, now)
    const written = await write.run(redis, [key], [version, JSON.stringify(decision.state), ttlMs])
    if (written === 1) return { before: state, after: decision.state, result: decision.result }
  }
}
