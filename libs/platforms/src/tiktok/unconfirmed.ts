import type { Unconfirmed } from '../unconfirmed.ts'

const PARAMETERS = 'https://business-api.tiktok.com/portal/docs?id=1771101186666498'
const RETURN_CODES = 'https://business-api.tiktok.com/portal/docs?id=1737172488964097'

/** As of 2026-11-24. */
export const UNCONFIRMED: readonly Unconfirmed[] = [
  {
    question: 'Whether test_event_code keeps an event out of the live data; one reading of the reference lacks it',
    handling: 'sent only where an event or the connection carries one, never by the check of credentials',
    setting: 'test_event_code',
    page: 'tiktok/gtm-template-eapi',
  },
  {
    question: 'partner_name: free, or registered names only (code 40063)',
    handling: 'not sent',
    page: RETURN_CODES,
  },
  {
    question: 'Whether a CRM event set takes standard names',
    handling: 'custom names only; standard ones are skipped unless event_names maps them',
    setting: 'event_names',
    page: 'bububa/tiktok-business model/event/track.go',
  },
  {
    question: 'Whether a web event without page.url is refused',
    handling: 'sent without it',
    page: PARAMETERS,
  },
  {
    question: 'What 20001 PARTIAL_OK and 40050 DUPLICATED_REQUEST mean for events',
    handling:
      'never delivered by themselves: sent once more under the same event_id, then a letter; app events, which have no event_id, are not sent again',
    page: RETURN_CODES,
  },
  {
    question: 'How a bad event is named in a message of 40002',
    handling: 'data.N and Batch.N are understood, else the request is bisected',
    page: 'stape-io/tiktok-tag#10',
  },
  {
    question: 'A bare 401 or 403 without a code',
    handling: 'tried again within the attempt limit; it condemns no token',
    page: RETURN_CODES,
  },
  {
    question: 'How old a web, app or CRM event may be',
    handling: '7 days, to which other forwarders hold',
    page: PARAMETERS,
  },
  {
    question: 'Case of external_id',
    handling: 'blanks around it go, its case stays',
    page: PARAMETERS,
  },
  {
    question: 'What limited_data_use does, and whether offline and CRM sets have it',
    handling: 'sent for web and app; events of an opted-out person are not sent to the others',
    page: PARAMETERS,
  },
  {
    question: 'Whether tokens of Events Manager expire, and any call that proves the right to send',
    handling: 'they do not; the check says unverified',
    page: 'https://business-api.tiktok.com/portal/docs?id=1771100779668482',
  },
  {
    question: 'Bytes of a request, gzip',
    handling: 'at most 1 MB, not compressed',
    page: 'https://business-api.tiktok.com/portal/docs?id=1771100779668482',
  },
]
