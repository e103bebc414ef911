import type { Unconfirmed } from '../unconfirmed.ts'

const DATA_MANAGER = 'https://developers.google.com/data-manager/api/reference'
const DIAGNOSTICS = 'https://developers.google.com/data-manager/api/devguides/diagnostics'
const ADJUSTMENTS = 'https://developers.google.com/data-manager/api/devguides/events/google-ads/conversion-adjustments'

/** As of 2026-11-24. */
export const UNCONFIRMED: readonly Unconfirmed[] = [
  {
    question: 'Which ids are taken: "2" and "3" were refused, and 64 characters are documented for Google Ads alone',
    handling: 'only digits or fewer than 5 characters get order- before them, what is longer than 64 becomes its SHA-256',
    setting: 'transaction_id: exact',
    page: 'https://support.google.com/google-ads/answer/6386790',
  },
  {
    question: 'How old a conversion may be: 90 days with a click id, 63 without one are from Google Ads Help, by memory',
    handling: 'held to before sending; Google itself says EVENT_TOO_OLD in the later verdict',
    page: 'https://support.google.com/google-ads',
  },
  {
    question: 'When a repeat adjusts, and when it is DUPLICATE_TRANSACTION_ID',
    handling: 'delivered for a first send or an unchanged repeat; a letter where another event of the request changed the value',
    page: ADJUSTMENTS,
  },
  {
    question: 'When a verdict is ready, and for how long it can be asked',
    handling: 'first look after 30 minutes, then at doubling intervals up to 6 hours, for a day; without one the events stay as accepted',
    setting: 'RELAY_VERDICT_DELAY',
    page: DIAGNOSTICS,
  },
  {
    question: 'recordIndices: release notes name them, the published protos are older',
    handling: 'used where they are; refused events that nothing names stay as accepted and are counted, those of a passing reason go again',
    page: DIAGNOSTICS,
  },
  {
    question: 'Whether eventSource is optional, as the reference says',
    handling: 'always sent',
    page: 'googleapis/google-cloud-php#9201',
  },
  {
    question: 'Punctuation in names: removed by the proto, kept by one of Google’s own helpers',
    handling: 'removed',
    page: 'googleapis/googleapis google/ads/datamanager/v1/user_data.proto',
  },
  {
    question: 'Upper-case hex at the Google Ads API',
    handling: 'digests are lower-case in both APIs',
    page: 'https://developers.google.com/google-ads/api/docs/conversions/upload-offline',
  },
  {
    question: 'Which address of a visitor may be sent',
    handling: 'only where the country of the person is given and lies outside EEA, United Kingdom and Switzerland',
    page: 'googleapis/googleapis google/ads/datamanager/v1/device_info.proto',
  },
  {
    question: 'Classes of all reasons and error codes: Google publishes none',
    handling: 'by the comments of the enums; what stands in no table is tried again within the attempt limit and never counts as delivered',
    page: DATA_MANAGER,
  },
  {
    question: 'Bytes of a request, gzip, when the quota of a day begins anew',
    handling: 'at most 4 MiB, not compressed; one probe an hour',
    page: 'https://developers.google.com/data-manager/api/devguides/limits',
  },
]
