import { expect, test } from 'vitest'
import { usedPercent } from './usage.ts'

test('the largest share of any quota counts', () => {
  expect(usedPercent({})).toBeUndefined()
  expect(usedPercent({ 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":81}' })).toBe(81)
  expect(usedPercent({ 'x-business-use-case-usage': '{"1":[{"type":"ads","call_count":97,"estimated_time_to_regain_access":0}]}' })).toBe(
    97,
  )
  expect(usedPercent({ 'x-ad-account-usage': '{"acc_id_util_pct":9.67}', 'x-app-usage': 'garbage' })).toBe(9.67)
  expect(usedPercent({ 'x-business-use-case-usage': '{"1":null,"2":[null,3]}' })).toBeUndefined()
})
