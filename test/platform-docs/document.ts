import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent } from '@relay/core/event'
import type { EventOutcome } from '@relay/core/outcome'
import type { HttpAnswer, Platform, Sourced } from '@relay/platforms/contract'
import { answerOf, contextOf, type Example } from '@relay/platforms/testing/fixtures'
import { NOW, preparedFor } from '@relay/platforms/testing/events'
import type { Unconfirmed } from '@relay/platforms/unconfirmed'

/** One way of using a platform, a column of its tables: a kind of event source, an API, a device. */
export interface Variant {
  readonly title: string
  readonly settings: ConnectionSettings
  /** What makes an event one of this kind. */
  readonly event: Partial<ConversionEvent>
}

/** A documented code or signal, and an answer that has it. */
export interface CodeRow {
  readonly name: string
  readonly class: string
  readonly scope: string
  readonly page: string
  readonly meaning?: string
  /** Of so many events; the first of them is the one at fault where the platform names rows. */
  readonly outcomes: (count: number) => readonly EventOutcome[]
}

export interface CodeTable {
  readonly title: string
  readonly about: string
  /** Codes that mean the same in one row, or each in its own. */
  readonly grouped: boolean
  readonly rows: readonly CodeRow[]
}

/** What a README of an adapter is printed from, beside the adapter itself. */
export interface PlatformDocument {
  readonly platform: Platform
  readonly about: string
  readonly settings: ConnectionSettings
  /** The first is the usual one. */
  readonly variants: readonly Variant[]
  readonly windows: readonly { readonly of: string; readonly days: Sourced<number> }[]
  readonly codes: readonly CodeTable[]
  readonly unconfirmed: readonly Unconfirmed[]
  readonly examples: readonly { readonly settings: ConnectionSettings; readonly examples: readonly Example[] }[]
}

/** What the adapter makes of an answer to so many ordinary events. */
export function outcomesOf(
  platform: Platform,
  settings: ConnectionSettings,
  event: ConversionEvent,
  answer: HttpAnswer,
  count: number,
): readonly EventOutcome[] {
  const bodies = Array.from({ length: count }, (_, index) => {
    const { event: prepared } = preparedFor(platform, { ...event, event_id: `event-${index}` }, settings)
    const encoded = platform.encodeEvent(prepared, settings)
    if (encoded.kind === 'refused') throw new Error(`${platform.id} does not take the ordinary event: ${encoded.refusal.error.code}`)
    return encoded.body
  })
  return platform.classify(answer, bodies, contextOf(platform, settings, NOW))
}

export { answerOf }
