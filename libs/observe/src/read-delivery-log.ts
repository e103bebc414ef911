import { createReadStream } from 'node:fs'
import { type DeliveryRecord, listDeliveryFiles } from './delivery-log.ts'

/** In bytes of a file read at once. */
const CHUNK_BYTES = 1024 * 1024
const LINE_END = 0x0a

/** All records of an event id on this machine, oldest first. Reads every file once, without parsing the lines of others: about a second a gigabyte. */
export async function recordsOfEvent(folder: string, eventId: string): Promise<DeliveryRecord[]> {
  const needle = Buffer.from(`"event_id":${JSON.stringify(eventId)},`)
  const found: DeliveryRecord[] = []
  for (const { path } of (await listDeliveryFiles(folder)).toReversed()) {
    for await (const block of blocksOf(path)) {
      for (let at = block.indexOf(needle); at >= 0;) {
        const start = block.lastIndexOf(LINE_END, at) + 1
        const end = block.indexOf(LINE_END, at)
        found.push(...parse(block.toString('utf8', start, end)).filter(({ event_id }) => event_id === eventId))
        at = block.indexOf(needle, end)
      }
    }
  }
  return found.toSorted((a, b) => (a.at < b.at ? -1 : 1))
}

/** The newest records for which `isWanted` is true, the latest first. */
export async function newestRecords(
  folder: string,
  isWanted: (record: DeliveryRecord) => boolean,
  limit: number,
): Promise<DeliveryRecord[]> {
  const newest: DeliveryRecord[] = []
  for (const { path, changedAt } of (await listDeliveryFiles(folder)).toSorted((a, b) => b.changedAt - a.changedAt)) {
    // What a file holds is older than its last change.
    if (newest.length >= limit && Date.parse(newest.at(-1)!.at) >= changedAt) break
    const own: DeliveryRecord[] = []
    for await (const block of blocksOf(path)) {
      own.push(...block.toString('utf8').split('\n').flatMap(parse).filter(isWanted))
      if (own.length > 2 * limit) own.splice(0, own.length - limit)
    }
    newest.push(...own)
    newest.sort((a, b) => (a.at > b.at ? -1 : 1))
    newest.splice(limit)
  }
  return newest
}

/** A line that was cut off by a crash is left out. */
function parse(line: string): DeliveryRecord[] {
  if (line === '') return []
  try {
    return [JSON.parse(line) as DeliveryRecord]
  } catch {
    return []
  }
}

/** A file in blocks of whole lines; a last line without its end is left out, since it is being written. Nothing where the file was removed meanwhile. */
async function* blocksOf(path: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      const bytes = Buffer.concat([rest, chunk as Buffer])
      const end = bytes.lastIndexOf(LINE_END) + 1
      if (end > 0) yield bytes.subarray(0, end)
      rest = bytes.subarray(end)
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
}
