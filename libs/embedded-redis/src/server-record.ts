import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ContainerEngine } from './find-server.ts'
import { commandLine } from './process-mark.ts'
import { ask } from './resp.ts'

/** What is remembered of the server of a data folder, also after it is gone: its port is asked for again. */
export interface ServerRecord {
  readonly port: number
  /** Absent while it is being started. In a container: the engine's client. */
  readonly pid?: number
  readonly container?: { readonly engine: ContainerEngine; readonly name: string }
}

export const confFileOf = (dir: string): string => join(dir, 'redis.conf')
export const logFileOf = (dir: string): string => join(dir, 'redis.log')
const recordFileOf = (dir: string): string => join(dir, 'server.json')

export async function readRecord(dir: string): Promise<ServerRecord | undefined> {
  const text = await readFile(recordFileOf(dir), 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as ServerRecord
  } catch {
    return undefined
  }
}

export async function writeRecord(dir: string, record: ServerRecord): Promise<void> {
  const part = `${recordFileOf(dir)}.part`
  await writeFile(part, `${JSON.stringify(record)}\n`, { mode: 0o600 })
  await rename(part, recordFileOf(dir))
}

/** Does a server that keeps its data in `dir` answer on this port? */
export async function servesFolder(port: number, dir: string): Promise<boolean> {
  try {
    const reply = await ask(port, ['CONFIG', 'GET', 'dir'])
    return Array.isArray(reply) && reply[1] === dir
  } catch {
    return false
  }
}

/** Is that process the server of this folder? A pid alone proves nothing: it may have come round to another program. */
export async function isServerOf(pid: number, dir: string): Promise<boolean> {
  return ((await commandLine(pid)) ?? '').includes(confFileOf(dir))
}
