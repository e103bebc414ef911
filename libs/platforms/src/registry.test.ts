import { PLATFORM_IDS } from '@relay/core/ids'
import { expect, test } from 'vitest'
import { platformById, PLATFORMS } from './registry.ts'

test('every platform stands under its own id', () => {
  expect(Object.keys(PLATFORMS).toSorted()).toEqual([...PLATFORM_IDS].toSorted())
  for (const id of PLATFORM_IDS) expect(platformById(id).id).toBe(id)
})
