import { type FileHandle, mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { EpochMs } from '@relay/core/clock'

/*
 * Delivery records: one line of JSON for each thing that became of a delivery, in files of this machine, never an event. The life of a file:
 *
 * 1. opened with the first record: `deliveries-<time>-<process>.ndjson`, so that processes never share one.
 * 2. full by size or age: the next record opens another.
 * 3. removed by whoever opens a file: the oldest ones past the age, or past the bytes that all of them may take.
 *
 * Lines are gathered for a moment and appended together; a process that is killed loses that moment. A disk that does not take them loses records and holds up
 * nothing.
 */

export interface DeliveryRecord {
  /** ISO 8601. */
  readonly at: string
  readonly event_id: string
  readonly event_name: string
  readonly delivery_id: string
  readonly tenant_id: string
  readonly connection_id: string
  readonly platform: string
  readonly outcome: 'delivered' | 'retry' | 'hold' | 'dead' | 'skip'
  readonly code: string | null
  readonly platform_code: string | null
  readonly platform_request_id: string | null
  readonly received_at: string
  readonly batch_id: string | null
  readonly test_event_code: string | null
  /** When its request left; null where nothing was sent. */
  readonly sent_at: string | null
  readonly duration_ms: number | null
  readonly maybe_taken: boolean
  /** Why it had been held: code, from and until (ms), times. */
  readonly waits: readonly (readonly [code: string, from: EpochMs, until: EpochMs, times: number])[]
}

export interface DeliveryLogOptions {
  readonly folder: string
  /** Part of the files' names. */
  readonly processId: string
  /** Of all files in the folder together, those of other processes too. */
  readonly maxBytes: number
  readonly retentionMs: number
  readonly clock: () => EpochMs
  /** Once per distinct fault. */
  readonly onError: (error: Error) => void
}

export interface DeliveryLog {
  /** Returns at once. */
  write(record: DeliveryRecord): void
  /** What was written so far is in the file. */
  flush(): Promise<void>
  close(): Promise<void>
}

const FLUSH_EVERY_MS = 200
/** Lines that wait for a slow disk, in characters; past that they are dropped. */
const PENDING_MAX = 8 * 1024 * 1024
const FILE_MAX_AGE_MS = 24 * 3_600_000
/** A file is at most so large, and at most this part of all. */
const FILE_MAX_BYTES = 64 * 1024 * 1024
const FILE_PART = 1 / 8

const DELIVERY_FILE = /^deliveries-(\d{8}T\d{9}Z)-[\w-]+\.ndjson$/

interface OpenFile {
  readonly handle: FileHandle
  readonly openedAt: EpochMs
  bytes: number
}

export function createDeliveryLog(options: DeliveryLogOptions): DeliveryLog {
  const files = createFiles(options)
  const tell = tellOnce(options.onError)
  let pending: string[] = []
  let pendingChars = 0
  let dropped = 0
  let writing: Promise<void> | undefined

  async function writePending(): Promise<void> {
    while (pending.length > 0) {
      const lines = pending
      ;[pending, pendingChars] = [[], 0]
      await files.append(Buffer.from(lines.join(''))).catch(tell)
    }
    if (dropped > 0) tell(new Error(`${dropped} delivery records were dropped: the disk is too slow for them`))
    dropped = 0
  }

  const flush = (): Promise<void> =>
    (writing ??= writePending().finally(() => {
      writing = undefined
    }))
  const timer = setInterval(() => void flush(), FLUSH_EVERY_MS)
  timer.unref()
  return {
    write(record) {
      const line = `${JSON.stringify(record)}\n`
      if (pendingChars + line.length > PENDING_MAX) {
        dropped += 1
        return
      }
      pending.push(line)
      pendingChars += line.length
    },
    flush,
    async close() {
      clearInterval(timer)
      await flush()
      await files.close()
    },
  }
}

function tellOnce(onError: (error: Error) => void): (error: unknown) => void {
  let last = ''
  return (error) => {
    const fault = error instanceof Error ? error : new Error(String(error))
    if (fault.message !== last) onError(fault)
    last = fault.message
  }
}

/** The file of the moment; one call at a time. */
function createFiles(options: DeliveryLogOptions): { append(bytes: Buffer): Promise<void>; close(): Promise<void> } {
  const fileBytes = Math.min(FILE_MAX_BYTES, Math.ceil(options.maxBytes * FILE_PART))
  let file: OpenFile | undefined

  async function close(): Promise<void> {
    const former = file
    file = undefined
    await former?.handle.close()
  }

  return {
    async append(bytes) {
      const now = options.clock()
      if (file !== undefined && (file.bytes >= fileBytes || now - file.openedAt > FILE_MAX_AGE_MS)) await close()
      file ??= await openFile(options, now)
      await file.handle.appendFile(bytes)
      file.bytes += bytes.length
    },
    close,
  }
}

async function openFile(options: DeliveryLogOptions, now: EpochMs): Promise<OpenFile> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  await removeOld(options, now)
  const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '')
  const handle = await open(join(options.folder, `deliveries-${time}-${options.processId}.ndjson`), 'a', 0o600)
  return { handle, openedAt: now, bytes: 0 }
}

async function removeOld({ folder, maxBytes, retentionMs }: DeliveryLogOptions, now: EpochMs): Promise<void> {
  let bytes = 0
  for (const file of await listDeliveryFiles(folder)) {
    bytes += file.bytes
    if (bytes > maxBytes * (1 - FILE_PART) || now - file.changedAt > retentionMs) await unlink(file.path).catch(() => {})
  }
}

export interface DeliveryFile {
  readonly path: string
  readonly bytes: number
  readonly changedAt: EpochMs
}

/** The newest first; none where there is no such folder. */
export async function listDeliveryFiles(folder: string): Promise<DeliveryFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  const files = await Promise.all(
    names
      .filter((name) => DELIVERY_FILE.test(name))
      .toSorted()
      .toReversed()
      .map(async (name) => {
        const path = join(folder, name)
        const found = await stat(path).catch(() => undefined)
        return found === undefined ? [] : [{ path, bytes: found.size, changedAt: found.mtimeMs }]
      }),
  )
  return files.flat()
}
