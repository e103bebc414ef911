import { PLATFORMS } from '@relay/platforms/registry'
import { describe, expect, test } from 'vitest'
import { readConnectionFile, readDraft } from './connection-draft.ts'

const META = { credentials: { access_token: 'EAAtoken' }, settings: { pixel_id: '111' } }

describe('a draft', () => {
  test('without a name is called after its account', () => {
    expect(readDraft(PLATFORMS.meta, META)).toMatchObject({ ok: true, draft: { name: 'meta 111' } })
  })

  test('keeps the name it is given', () => {
    expect(readDraft(PLATFORMS.meta, { ...META, name: ' Shop DE ' })).toMatchObject({ ok: true, draft: { name: 'Shop DE' } })
  })

  test('names every wrong field at once, by its path', () => {
    const read = readDraft(PLATFORMS.meta, { name: '', credentials: {}, settings: { pixle_id: '1' } })
    expect(read.ok ? [] : read.faults.map((fault) => fault.path).toSorted()).toEqual([
      'credentials.access_token',
      'name',
      'settings',
      'settings.pixel_id',
    ])
  })

  test('says that a field is missing, not what type nothing has', () => {
    const read = readDraft(PLATFORMS.meta, { credentials: {}, settings: { pixel_id: '1' } })
    expect(read).toEqual({ ok: false, faults: [{ path: 'credentials.access_token', message: 'is missing' }] })
  })

  test('never repeats a value, which may be a secret in the wrong place', () => {
    const secret = 'EAA top secret\u0000'
    const read = readDraft(PLATFORMS.meta, { credentials: { access_token: secret, other: secret }, settings: { unmapped: secret } })
    expect(read.ok).toBe(false)
    expect(JSON.stringify(read)).not.toContain('top secret')
  })
})

describe('a connection file', () => {
  test.each([
    [[], ''],
    ['text', ''],
    [{ settings: {} }, 'credentials'],
    [{ credentials: {}, setings: {} }, 'setings'],
  ])('%j is refused at %j', (content, path) => {
    const read = readConnectionFile(content)
    expect(read.ok ? undefined : read.faults[0]?.path).toBe(path)
  })

  test('is taken apart', () => {
    expect(readConnectionFile(META)).toEqual({ ok: true, input: { name: undefined, ...META } })
  })
})
