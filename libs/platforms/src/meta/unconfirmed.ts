import type { Unconfirmed } from '../unconfirmed.ts'
import { PAGES } from './api.ts'

/** As of 2026-11-24. */
export const UNCONFIRMED: readonly Unconfirmed[] = [
  {
    question: 'Whether a repeat from the server alone, with the same event_id and name, is discarded',
    handling: 'assumed for 48 hours: what may have been taken is repeated within them, and becomes AMBIGUOUS afterwards',
    page: PAGES.DED,
  },
  {
    question: 'Code 100 without a subcode: an event or the pixel',
    handling: 'the credentials check decides once; what it does not refuse is bisected',
    page: PAGES.ERR,
  },
  {
    question: 'Which answers prove a token: some good tokens may read neither themselves nor the pixel',
    handling: 'no single refusal for want of a permission counts; an open case is saved as unverified',
    page: PAGES.MERR,
  },
  {
    question: 'HTTP status of rate limits, and of all other errors',
    handling: 'the code in the body decides, the status only where the body has none',
    page: PAGES.RATE,
  },
  {
    question: 'Codes 80001 to 80014, of which four are seen with events',
    handling: 'all are a rate limit of the account',
    page: PAGES.RATE,
  },
  {
    question: 'Subcode 2804019: time window or another field',
    handling: 'a bad event, as every subcode from 2804000 to 2804999',
    page: PAGES.RUD,
  },
  {
    question: 'Bytes of a request, gzip, lengths of names and ids',
    handling: 'at most 4 MiB, not compressed; nothing is cut',
    page: PAGES.USE,
  },
  {
    question: 'Whether an address that is none refuses the whole request',
    handling: 'IP addresses that are none, or private, are left out with a warning',
    page: PAGES.CIP,
  },
  {
    question: 'Hashed or plain external_id',
    handling: 'hashed',
    setting: 'hash_external_id: false',
    page: PAGES.CIP,
  },
]
