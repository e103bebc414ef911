import type { Consent } from '@relay/core/event'

/** Either value denied: a platform without consent fields does not get the event. */
export const isConsentDenied = (consent: Consent): boolean => consent.ad_user_data === 'DENIED' || consent.ad_personalization === 'DENIED'

/** Nothing said about either value; limited data use is another matter. */
export const isConsentAbsent = (consent: Consent): boolean => consent.ad_user_data === undefined && consent.ad_personalization === undefined

/** The producer asks for limited data use in any spelling (`["LDU"]`); an empty list says explicitly that it does not. */
export const asksLimitedDataUse = (consent: Consent): boolean =>
  consent.data_processing_options?.some((option) => option.trim() !== '') ?? false
