import type { DeliveryId } from '@relay/core/ids'
import { expect, test } from 'vitest'
import { createUnsettled } from './unsettled.ts'

const id = (text: string): DeliveryId => text as DeliveryId

test('a row is suspicious when it is not settled within two seconds, and is given once', () => {
  let now = 0
  const unsettled = createUnsettled(() => now)
  unsettled.add('job-1', id('one'))
  unsettled.add('job-2', id('two'))
  now = 2_000
  expect(unsettled.takeSuspicious()).toEqual([])
  unsettled.settled('job-2')
  now = 2_001
  expect(unsettled.takeSuspicious()).toEqual(['one'])
  expect(unsettled.takeSuspicious()).toEqual([])
})

test('one that Redis refuses to settle is suspicious at once; of a job that is unknown, or was given before, nothing comes', () => {
  const unsettled = createUnsettled(() => 5_000)
  unsettled.add('job-1', id('one'))
  unsettled.add('job-2', id('two'))
  unsettled.refused('job-1')
  unsettled.refused('job-3')
  expect(unsettled.takeSuspicious()).toEqual(['one'])
  unsettled.refused('job-1')
  expect(unsettled.takeSuspicious()).toEqual([])
})
