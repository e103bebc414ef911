import { ADJUSTMENT_ERRORS, UPLOAD_ERRORS, type AdsError } from './upload-errors.ts'

/*
 * The errors of the Google Ads API that are not of the upload itself, by the family (the key of `errorCode`), and what they mean. Google
 * publishes no classes: they are our judgement from the enums' comments. `UNSPECIFIED` and `UNKNOWN` are unknown in each family.
 */

/** v25, whose errors v26 is taken to share; read 2026-11-24. */
export const ADS_ERRORS_PAGE = 'googleapis/googleapis google/ads/googleads/v25/errors'

interface Family {
  /** Every other value of the family. */
  readonly others?: AdsError
  readonly values?: Readonly<Record<string, AdsError>>
}

const expired: AdsError = { class: 'token-expired', scope: 'connection' }
const permission: AdsError = { class: 'permission', scope: 'connection' }
const project: AdsError = { class: 'our-project', scope: 'project' }
const retry: AdsError = { class: 'retry', scope: 'request' }
const shape: Family = { others: { class: 'reject', scope: 'row' } }
const quota: AdsError = { class: 'quota', scope: 'project' }
const dayQuota: AdsError = { ...quota, daily: true }

const FAMILIES: Readonly<Record<string, Family>> = {
  authenticationError: {
    others: { class: 'credentials', scope: 'connection' },
    values: {
      AUTHENTICATION_ERROR: expired,
      OAUTH_TOKEN_EXPIRED: expired,
      OAUTH_TOKEN_INVALID: expired,
      OAUTH_TOKEN_HEADER_INVALID: expired,
      DEVELOPER_TOKEN_INVALID: project,
    },
  },
  authorizationError: {
    others: permission,
    values: {
      USER_PERMISSION_DENIED: { ...permission, advice: 'access through a manager account needs login_account' },
      CLOUD_PROJECT_NOT_APPROVED_FOR_PRODUCTION: project,
      CLOUD_PROJECT_NOT_UNDER_ORGANIZATION: project,
      DEVELOPER_TOKEN_NOT_APPROVED: project,
      DEVELOPER_TOKEN_PROHIBITED: project,
      DEVELOPER_TOKEN_NOT_ON_ALLOWLIST: project,
      PROJECT_DISABLED: project,
    },
  },
  headerError: { values: { INVALID_LOGIN_CUSTOMER_ID: { ...permission, advice: 'login_account is wrong' } } },
  notAllowlistedError: {
    values: {
      CUSTOMER_NOT_ALLOWLISTED_FOR_THIS_FEATURE: {
        ...permission,
        advice: 'the click upload is closed to this account since 2026-06-15: use api data_manager',
      },
    },
  },
  quotaError: {
    values: {
      RESOURCE_EXHAUSTED: dayQuota,
      RESOURCE_TEMPORARILY_EXHAUSTED: quota,
      EXCESSIVE_SHORT_TERM_QUERY_RESOURCE_CONSUMPTION: quota,
      EXCESSIVE_LONG_TERM_QUERY_RESOURCE_CONSUMPTION: dayQuota,
      ACCESS_PROHIBITED: permission,
    },
  },
  requestError: { values: { UNSUPPORTED_VERSION: project, CLOUD_PROJECT_NOT_FOUND: project } },
  internalError: { values: { INTERNAL_ERROR: retry, TRANSIENT_ERROR: retry, DEADLINE_EXCEEDED: retry } },
  databaseError: {
    values: { CONCURRENT_MODIFICATION: retry, REQUEST_TOO_LARGE: { class: 'split', scope: 'request' } },
  },
  partialFailureError: { values: { PARTIAL_FAILURE_MODE_REQUIRED: { class: 'our-encoder', scope: 'request' } } },
  conversionUploadError: { values: UPLOAD_ERRORS },
  conversionAdjustmentUploadError: { values: ADJUSTMENT_ERRORS },
  collectionSizeError: shape,
  countryCodeError: shape,
  currencyCodeError: shape,
  dateError: shape,
  dateRangeError: shape,
  distinctError: shape,
  enumError: shape,
  fieldError: shape,
  idError: shape,
  notEmptyError: shape,
  nullError: shape,
  rangeError: shape,
  stringFormatError: shape,
  stringLengthError: shape,
}

const UNKNOWN: AdsError = { class: 'unknown', scope: 'row' }

/** What one error means; a family or a value that stands in no table is `unknown`. */
export function adsError(family: string, value: string): AdsError {
  if (value === 'UNSPECIFIED' || value === 'UNKNOWN' || !Object.hasOwn(FAMILIES, family)) return UNKNOWN
  const { values = {}, others = UNKNOWN } = FAMILIES[family]!
  return Object.hasOwn(values, value) ? values[value]! : others
}

/** What every value of a family that no table names means, where the family says so; for lists. */
export const familyDefaults = (): readonly { readonly family: string; readonly error: AdsError }[] =>
  Object.entries(FAMILIES).flatMap(([family, { others }]) => (others === undefined ? [] : [{ family, error: others }]))

/** Every pair that the tables name, for tests and lists. */
export const documentedErrors = (): readonly { readonly family: string; readonly value: string; readonly error: AdsError }[] =>
  Object.entries(FAMILIES).flatMap(([family, { values = {} }]) =>
    Object.entries(values).map(([value, error]) => ({ family, value, error })),
  )
