import type { ConnectionSettings } from '@relay/core/connection'
import type { CheckReport } from '../contract.ts'
import { quote } from '../verdict.ts'

export type Refused = Extract<CheckReport, { readonly verdict: 'refused' }>
export type Unverified = Extract<CheckReport, { readonly verdict: 'unverified' }>

/** `words` are Google's own, capped and blanked here. */
export const refusal = (message: string, code: string, words: string, field: string): Refused => ({
  verdict: 'refused',
  message,
  details: { platform: 'google', error_code: code, error_message: quote(words), field },
})

export const unverified = (why: string): Unverified => ({ verdict: 'unverified', why })

/** A connection that sends click ids alone works all the same, so this is told and not refused. */
export const clicksOnly = (reason: string): CheckReport => ({
  verdict: 'verified',
  remark: `Only events with a click id will be taken until enhanced conversions are turned on, with their terms, in Google Ads (${reason})`,
})

/** The input that names this conversion action. */
export function fieldOfAction(id: string | undefined, settings: ConnectionSettings): string {
  const name = Object.entries(settings.conversion_actions ?? {}).find(([, action]) => action === id)?.[0]
  return name === undefined ? 'settings.conversion_actions' : `settings.conversion_actions.${name}`
}
