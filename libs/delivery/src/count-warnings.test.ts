import { expect, test } from 'vitest'
import { countWarnings } from './count-warnings.ts'
import { outcomeOf } from './row.ts'

test('remarks on taken events are counted by reason, without their fields', () => {
  const cart = { reason: 'CART_DATA_IGNORED', field: 'events[0].cart_data' }
  const taken = outcomeOf({ kind: 'delivered', warnings: [cart, { reason: 'IP_IGNORED', field: 'events[0].ip' }] })
  expect(countWarnings([taken, outcomeOf({ kind: 'delivered', warnings: [cart] }), outcomeOf({ kind: 'delivered' })])).toEqual({
    CART_DATA_IGNORED: 2,
    IP_IGNORED: 1,
  })
})

test('no remark, no entry in the log', () => {
  expect(countWarnings([outcomeOf({ kind: 'delivered' }), { kind: 'back', until: undefined, code: undefined }])).toBeUndefined()
})
