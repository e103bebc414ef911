import type { Desk, EpochMs } from './call.ts'
import { isText, textOf } from './fields.ts'
import type { Fields } from './fields.ts'
import type { AdsProblem } from './google-ads-error.ts'
import { actionOf, findRowProblem } from './google-ads-validate.ts'

/** What was recorded, by which a second row of the same conversion is known; it is never forgotten but by `clear`. */
export interface Conversions {
  /** One entry a row, in order: what is wrong with it, or undefined where it is recorded. `refused`: a fault refuses the request without saying why. */
  judge(rows: readonly Fields[], context: RowContext): readonly (Problem | undefined)[] | 'refused'
  clear(): void
}

type Problem = Omit<AdsProblem, 'row'>

interface RowContext {
  readonly at: EpochMs
  readonly customer: string
  readonly token: string
  readonly isTest: boolean
}

interface Key {
  readonly kind: 'order' | 'click'
  readonly text: string
}

const upload = (code: string, field: string): Problem => ({ family: 'conversionUploadError', code, field })

export function createConversions(desk: Desk): Conversions {
  const recorded = new Set<string>()
  return {
    judge(rows, context) {
      const keys = rows.map((row) => keyOf(row))
      const colliding = twice(keys.map(({ text }) => text))
      const actions = createActions(desk, context)
      const problems = rows.map((row, at) => {
        const key = keys[at]!
        return (
          marked(desk, actions.marksOf(row), row) ??
          findRowProblem(row, context.at) ??
          actions.problemOf(row) ??
          collision(key, colliding) ??
          repeated(key, recorded)
        )
      })
      if (problems.includes('refused')) return 'refused'
      const found = problems as readonly (Problem | undefined)[]
      if (!context.isTest) for (const [at, problem] of found.entries()) if (problem === undefined) recorded.add(keys[at]!.text)
      return found
    },
    clear: () => recorded.clear(),
  }
}

/** The order id inside its action; without one the click, its time and the action. */
function keyOf(row: Fields): Key {
  const action = actionOf(row)
  if (isText(row['orderId'])) return { kind: 'order', text: `${action} order ${row['orderId']}` }
  const click = [row['gclid'], row['gbraid'], row['wbraid']].map(textOf).join(' ')
  return { kind: 'click', text: `${action} click ${click} ${textOf(row['conversionDateTime'])}` }
}

function twice(texts: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>()
  return new Set(texts.filter((text) => seen.size === seen.add(text).size))
}

/** Neither of two rows is recorded. */
function collision({ kind, text }: Key, colliding: ReadonlySet<string>): Problem | undefined {
  if (!colliding.has(text)) return undefined
  return kind === 'order' ? upload('DUPLICATE_ORDER_ID', 'order_id') : upload('DUPLICATE_CLICK_CONVERSION_IN_REQUEST', 'gclid')
}

function repeated({ kind, text }: Key, recorded: ReadonlySet<string>): Problem | undefined {
  if (!recorded.has(text)) return undefined
  return kind === 'order' ? upload('ORDER_ID_ALREADY_IN_USE', 'order_id') : upload('CLICK_CONVERSION_ALREADY_EXISTS', 'gclid')
}

/** `reason` is a value of ConversionUploadError, or `family.VALUE`. */
function marked(desk: Desk, marks: ReturnType<Desk['markedEvents']>, row: Fields): Problem | 'refused' | undefined {
  const fault = marks.get(textOf(row['orderId']))
  if (fault === undefined) return undefined
  desk.useFault(fault)
  const { named = true, reason = 'CLICK_NOT_FOUND' } = fault.params
  if (!named) return 'refused'
  const [family, code] = reason.split('.')
  return code === undefined ? upload(reason, '') : { family: family ?? '', code }
}

/** Each conversion action is asked about once a request. */
function createActions(
  desk: Desk,
  { customer, token }: RowContext,
): { problemOf(row: Fields): Problem | undefined; marksOf(row: Fields): ReturnType<Desk['markedEvents']> } {
  const isClosed = desk.settings('google').click_upload === 'closed'
  const states = new Map<string, ReturnType<Desk['judgeAccount']>>()
  const marks = new Map<string, ReturnType<Desk['markedEvents']>>()
  return {
    marksOf(row) {
      const account = `${customer}/${actionOf(row)}`
      const known = marks.get(account) ?? desk.markedEvents('bad_event', 'google', account, token)
      marks.set(account, known)
      return known
    },
    problemOf(row) {
      if (isClosed) return { family: 'notAllowlistedError', code: 'CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE' }
      const account = `${customer}/${actionOf(row)}`
      const state = states.get(account) ?? desk.judgeAccount('google', account, token)
      states.set(account, state)
      if (state === 'good') return undefined
      return state === 'unknown'
        ? upload('NO_CONVERSION_ACTION_FOUND', 'conversion_action')
        : upload('UNAUTHORIZED_CUSTOMER', 'conversion_action')
    },
  }
}
