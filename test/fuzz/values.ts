import type { JsonObject, JsonValue } from '@relay/core/json'
import type { Dice } from './dice.ts'

/* Values that no producer and no platform should send, and some that they do. */

const NASTY_TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  '\uFFFD',
  '\uD800',
  '\uDC00x',
  'a\u0301',
  '\u202E',
  '\u200B',
  '\uFEFF',
  '𝒳',
  '👩‍👩‍👧‍👦',
  'İ',
  'ß',
  'ﬁ',
  '정',
  'العربية',
  'ǆ',
  '٣',
  '①',
  'null',
  'undefined',
  'NaN',
  '-0',
  '1e999',
  '0x10',
  '1_000',
  '__proto__',
  'constructor',
  'toString',
  '%',
  '%FF%FE',
  '%40',
  '\\',
  '"',
  "'",
  '`',
  '${x}',
  '<script>',
  '../..',
  'http://',
  'https://[::1',
  'https://user:pw@host/?a=b#c',
  'javascript:alert(1)',
  'data:,x',
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'd41d8cd98f00b204e9800998ecf8427e',
  '0'.repeat(64),
  'A'.repeat(63),
  'a@b',
  'a@b.c',
  '@',
  'a@@b.co',
  '+',
  '00',
  '+1',
  '++49',
  '0049 (0) 30 / 123',
  '::',
  '::ffff:1.2.3.4',
  '1.2.3',
  '256.1.1.1',
  '2026-11-24',
  '0000-00-00',
  '2026-02-30',
  '1970-01-01T00:00:00Z',
  'f',
  'female',
  'Côte d’Ivoire',
  'DE',
  'XX',
  'EUR',
  'fb.1.1.x',
  '\n',
  '\r\n\t',
]
const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.1,
  1e21,
  1e-7,
  2 ** 31,
  2 ** 53,
  -(2 ** 53),
  1.7976931348623157e308,
  5e-324,
  200,
  400,
  1_795_521_600,
  1_795_521_600_000,
]
const KEYS: readonly string[] = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
  '0',
  '',
  'code',
  'error',
  'data',
  'status',
  'a.b',
  'a[0]',
  '\u0000',
  'ключ',
]

export function randomText(dice: Dice): string {
  const kind = dice.number(6)
  if (kind < 3) return dice.of(NASTY_TEXTS)
  if (kind === 3) return dice.of(NASTY_TEXTS) + dice.of(NASTY_TEXTS)
  const length = dice.once(200) ? dice.number(5_000) : dice.number(24)
  let text = ''
  for (let index = 0; index < length; index++) text += randomCharacter(dice)
  return text
}

function randomCharacter(dice: Dice): string {
  const kind = dice.number(8)
  if (kind < 4) return String.fromCharCode(32 + dice.number(95))
  if (kind < 6) return String.fromCharCode(dice.number(0x3000))
  // Halves of a character among them.
  return kind === 6 ? String.fromCharCode(dice.number(0x10000)) : String.fromCodePoint(0x10000 + dice.number(0x30000))
}

export function randomValue(dice: Dice, depth = 3): JsonValue {
  switch (dice.number(depth <= 0 ? 5 : 8)) {
    case 0:
      return null
    case 1:
      return dice.once(2)
    case 2:
      return dice.once(2) ? dice.of(NUMBERS) : dice.number(100_000) - 50_000
    case 3:
    case 4:
      return randomText(dice)
    case 5:
      return Array.from({ length: dice.number(4) }, () => randomValue(dice, depth - 1))
    default:
      return randomObject(dice, depth - 1)
  }
}

/** Own keys throughout, `__proto__` too, as JSON.parse makes them. */
const randomObject = (dice: Dice, depth: number): JsonObject =>
  Object.fromEntries(
    Array.from({ length: dice.number(5) }, () => [dice.once(3) ? randomText(dice) : dice.of(KEYS), randomValue(dice, depth)] as const),
  )

/** Far deeper than any limit, and deeper than a recursion without one survives. */
export function deepValue(dice: Dice): JsonValue {
  let value: JsonValue = randomText(dice)
  for (let depth = dice.of([9, 100, 1_000, 20_000]); depth > 0; depth--) value = depth % 2 === 0 ? [value] : { [dice.of(KEYS)]: value }
  return value
}

/** The same value with one or a few places changed: another value, a key more, a key less, an entry twice. */
function mutated(dice: Dice, value: JsonValue): JsonValue {
  if (dice.once(6)) return randomValue(dice)
  if (Array.isArray(value)) {
    const list = [...(value as readonly JsonValue[])]
    if (list.length === 0 || dice.once(4)) return [...list, randomValue(dice)]
    const at = dice.number(list.length)
    if (dice.once(5)) return [...list, list[at]!]
    if (dice.once(5)) return list.toSpliced(at, 1)
    return list.with(at, mutated(dice, list[at]!))
  }
  if (typeof value !== 'object' || value === null) return randomValue(dice)
  const entries = Object.entries(value as JsonObject).map(([key, entry]) => [key, entry ?? null] as const)
  if (entries.length === 0 || dice.once(4)) return Object.fromEntries([...entries, [dice.of(KEYS), randomValue(dice)]])
  const at = dice.number(entries.length)
  if (dice.once(5)) return Object.fromEntries(entries.toSpliced(at, 1))
  return Object.fromEntries(entries.with(at, [entries[at]![0], mutated(dice, entries[at]![1])]))
}

export function mutatedTimes(dice: Dice, value: JsonValue): JsonValue {
  let changed = value
  for (let times = 1 + dice.number(3); times > 0; times--) changed = mutated(dice, changed)
  return changed
}
