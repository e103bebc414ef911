import { describe, expect, test } from 'vitest'
import { addWait, readWaits, type Wait, writeWaits } from './waits.ts'

const limited = (at: number, until: number) => ({ code: 'RATE_LIMITED', at, until }) as const

describe('the waits of a delivery', () => {
  test('holds of one cause in a row are one wait', () => {
    const waits = addWait(addWait([], limited(1, 2)), limited(3, 9))
    expect(waits).toEqual([{ code: 'RATE_LIMITED', from: 1, until: 9, times: 2 }])
  })

  test('another cause is another wait, and the newest ten are kept', () => {
    let waits: Wait[] = []
    for (let at = 0; at < 40; at += 2) {
      waits = addWait(waits, limited(at, at + 1))
      waits = addWait(waits, { code: 'ACCESS_TOKEN_EXPIRED', at: at + 1, until: at + 2 })
    }
    expect(waits).toHaveLength(10)
    expect(waits.at(-1)).toEqual({ code: 'ACCESS_TOKEN_EXPIRED', from: 39, until: 40, times: 1 })
  })

  test('they are read back as they were written', () => {
    const waits = addWait(addWait([], limited(1, 2)), { code: 'POOL_EXHAUSTED', at: 3, until: 4 })
    expect(readWaits(writeWaits(waits))).toEqual(waits)
    expect(readWaits(JSON.parse(writeWaits(waits)))).toEqual(waits)
  })

  test.each([0, 50, null, undefined, '', '{', '{"waits":3}', { waits: [3, ['RATE_LIMITED'], ['NO_CODE', 1, 2, 3]] }])(
    "what is somebody else's progress is no wait: %j",
    (progress) => {
      expect(readWaits(progress)).toEqual([])
    },
  )
})
