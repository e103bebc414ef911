import { describe, expect, test } from 'vitest'
import { ALL_BOXES, emptyingFilter, emptySelection, type FilterOptions, hasFilter, PLATFORM_BOXES, selectionOf } from './dlq-filters.ts'

describe('the selection', () => {
  test('is everything where nothing is given', () => {
    expect(selectionOf({}, ALL_BOXES)).toEqual({ boxes: ['meta', 'google', 'tiktok', 'snapchat', 'inbox'], filter: {} })
  })

  test('holds what is given and no empty entries', () => {
    expect(selectionOf({ platform: 'meta', code: 'TIMEOUT', since: 0 }, PLATFORM_BOXES)).toEqual({
      boxes: ['meta'],
      filter: { code: 'TIMEOUT', since: 0 },
    })
  })

  test('a platform or a time alone is a filter', () => {
    expect(hasFilter({})).toBe(false)
    expect(hasFilter({ platform: 'meta' })).toBe(true)
    expect(hasFilter({ since: 0 })).toBe(true)
  })
})

describe('the filter that empties a selection', () => {
  const letters = [
    { platform: 'meta', tenant: 'acme', code: 'TIMEOUT' },
    { platform: 'tiktok', tenant: 'acme', code: 'EVENT_REJECTED' },
  ]
  const isAny = (options: FilterOptions): Promise<boolean> =>
    Promise.resolve(
      letters.some(
        (letter) =>
          (options.platform ?? letter.platform) === letter.platform &&
          (options.tenant ?? letter.tenant) === letter.tenant &&
          (options.code ?? letter.code) === letter.code,
      ),
    )

  test.each<[FilterOptions, string]>([
    [{ tenant: 'acme', code: 'POISONOUS' }, 'code'],
    [{ platform: 'google', code: 'TIMEOUT' }, 'platform'],
    [{ platform: 'meta', tenant: 'acme', code: 'EVENT_REJECTED' }, 'code'],
  ])('of %j is %s', async (options, name) => {
    expect(await emptyingFilter(options, isAny)).toBe(name)
  })

  test('is none where there is nothing at all', async () => {
    expect(await emptyingFilter({ code: 'TIMEOUT' }, () => Promise.resolve(false))).toBeUndefined()
  })

  test('is named in the error, which is exit 3', () => {
    const error = emptySelection('since', { since: Date.parse('2026-11-24T10:00:00Z') })
    expect(error.exitCode).toBe(3)
    expect(error.message).toContain('--since 2026-11-24T10:00:00.000Z')
    expect(emptySelection(undefined, {}).message).toBe('No letter is dead')
  })
})
