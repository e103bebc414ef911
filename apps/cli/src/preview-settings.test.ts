import { PLATFORM_IDS } from '@relay/core/ids'
import { PLATFORMS } from '@relay/platforms/registry'
import { describe, expect, it } from 'vitest'
import { readSettings } from './preview-settings.ts'

describe('settings of a preview', () => {
  it.each(PLATFORM_IDS)('%s accepts placeholders alone', (platform) => {
    expect(readSettings(PLATFORMS[platform], {}).ok).toBe(true)
  })

  it('puts no placeholder beside what is given', () => {
    const given = { operating_account: '123-456-7890', conversion_actions: { Lead: '7' }, pixel_id: 'px' }
    expect(readSettings(PLATFORMS.google, given)).toMatchObject({ ok: true, settings: given })
  })

  it('takes an event source for the asset of Snapchat where no pixel is named', () => {
    const read = readSettings(PLATFORMS.snapchat, { event_source_id: 'app-1' })
    expect(read.ok && PLATFORMS.snapchat.accountKey(read.settings)).toBe('app-1')
  })

  it('names every fault by its path, and the nearest setting', () => {
    expect(
      readSettings(PLATFORMS.google, { unmapped: 'x', pixl_id: '1', operating_account: '1', conversion_actions: { Lead: 'a' } }),
    ).toEqual({
      ok: false,
      faults: [
        { path: 'unmapped', message: expect.stringContaining('generic') as string },
        { path: 'pixl_id', message: 'is no setting: did you mean pixel_id?' },
      ],
    })
    expect(readSettings(PLATFORMS.google, { operating_account: '1', conversion_actions: { Lead: 'a' } })).toMatchObject({
      faults: [{ path: 'operating_account' }, { path: 'conversion_actions.Lead' }],
    })
    expect(readSettings(PLATFORMS.meta, [])).toMatchObject({ faults: [{ path: '' }] })
  })
})
