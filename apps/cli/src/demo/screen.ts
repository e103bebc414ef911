import { mapPlatforms, PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { MultiBar } from 'cli-progress'

export type Counts = Readonly<Record<PlatformId, number>>

/** Where a person watches: chapters of the story, and a bar per platform on a terminal. Elsewhere plain lines. */
export interface Screen {
  chapter(text: string): void
  /** What the platforms have counted so far. */
  progress(counted: Counts): void
  close(): void
}

const LINE_EVERY_MS = 5_000

export function createScreen(out: NodeJS.WriteStream, expected: Counts): Screen {
  return out.isTTY ? createBars(out, expected) : createLines(out, expected)
}

function createBars(out: NodeJS.WriteStream, expected: Counts): Screen {
  const bars = new MultiBar({
    stream: out,
    format: '  {platform} {bar} {value}/{total}',
    hideCursor: true,
    barsize: 40,
    clearOnComplete: false,
    noTTYOutput: false,
  })
  const byPlatform = mapPlatforms((platform) => bars.create(expected[platform], 0, { platform: platform.padEnd(9) }))
  return {
    chapter: (text) => bars.log(`${text}\n`),
    progress(counted) {
      for (const platform of PLATFORM_IDS) byPlatform[platform].update(Math.min(counted[platform], expected[platform]))
    },
    close: () => bars.stop(),
  }
}

function createLines(out: NodeJS.WriteStream, expected: Counts): Screen {
  let shownAt = performance.now()
  return {
    chapter: (text) => void out.write(`${text}\n`),
    progress(counted) {
      if (performance.now() - shownAt < LINE_EVERY_MS) return
      shownAt = performance.now()
      out.write(`  ${PLATFORM_IDS.map((platform) => `${platform} ${counted[platform]}/${expected[platform]}`).join('  ')}\n`)
    },
    close() {},
  }
}
