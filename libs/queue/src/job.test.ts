import { expect, test } from 'vitest'
import { readPayload } from './job.ts'

test('a payload whose text is an object with an odd length is unreadable, and throws nothing', () => {
  const odd = { v: 1, generation: 0, delivery: { id: { length: { toString: 0, valueOf: 0 } } } }
  expect(readPayload(odd)).toMatchObject({ ok: false })
})
