import type { ConnectionSettings } from '@relay/core/connection'
import type { ErrorCode } from '@relay/core/errors'
import type { Consent } from '@relay/core/event'
import { isConsentAbsent, isConsentDenied } from '@relay/prepare/consent'
import type { Refusal } from './contract.ts'

type SkipCode = 'EVENT_FILTERED' | 'EVENT_UNMAPPED' | 'CONSENT_DENIED' | 'CONSENT_MISSING' | 'TEST_UNSUPPORTED'
type RejectCode = Extract<ErrorCode, 'IDENTITY_MISSING' | 'EVENT_REJECTED' | 'INVALID_EVENT'>

/** By rule or consent: counted, no letter. */
export const skip = (code: SkipCode, message: string): Refusal => ({ kind: 'skip', error: { code, message } })

/** For good, before sending: the platform would refuse it, and its whole request with it. */
export const refuse = (code: RejectCode, message: string, path?: string): Refusal => ({
  kind: 'reject',
  error: { code, message, ...(path === undefined ? {} : { path }) },
})

/** On a platform without consent fields: either value denied, or none given where the connection demands it, means not sent. */
export function consentRefusal(consent: Consent, settings: ConnectionSettings): Refusal | undefined {
  if (isConsentDenied(consent)) return skip('CONSENT_DENIED', 'Consent is denied')
  if (settings.require_consent === true && isConsentAbsent(consent))
    return skip('CONSENT_MISSING', 'The connection requires consent and the event has none')
  return undefined
}
