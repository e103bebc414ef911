import type { Unconfirmed } from '../unconfirmed.ts'
import { PAGES } from './api.ts'

/** As of 2026-11-24. */
export const UNCONFIRMED: readonly Unconfirmed[] = [
  {
    question: 'What the index in a refusal counts from, and whether it always comes',
    handling: 'the two candidates go to the validator alone, which has no side effect; else the whole request does, else it is bisected',
    page: PAGES.VER,
  },
  {
    question: 'Whether part of a mixed request is taken',
    handling: 'taken or refused whole, as the body says; a repeat within 48 hours is recognised',
    page: PAGES.DED,
  },
  {
    question: 'Whether a 200 can say INVALID',
    handling: 'the status in the body decides, whatever the HTTP status',
    page: PAGES.SDK,
  },
  {
    question: 'How long a new token may be unknown: 15 minutes to a day',
    handling: 'refusals in its first 24 hours are waited out, one look an hour',
    page: PAGES.GS,
  },
  {
    question: 'A bare 401 or 403, and a 400 for a bad token',
    handling: 'validate/stats is asked; only a readable refusal there counts as credentials',
    page: PAGES.VER,
  },
  {
    question: 'Which value of data_processing_options limits the use of data (LDU, LMU, DELETE)',
    handling: 'none is sent: events of opted-out people stay here',
    page: PAGES.PAR,
  },
  {
    question: 'Whether offline events may be up to 37 days old',
    handling: '7 days for every action source',
    page: PAGES.INT,
  },
  {
    question: 'event_time in seconds or milliseconds',
    handling: 'seconds everywhere, since it is part of what is deduplicated by',
    page: PAGES.USE,
  },
  {
    question: 'How external_id is normalised',
    handling: 'lower case, no blanks, as Snap’s own Segment integration does it',
    page: PAGES.SEG,
  },
  {
    question: 'Currencies beyond those of the Segment integration',
    handling: 'sent, with the warning UNSUPPORTED_CURRENCY',
    page: PAGES.SEG,
  },
  {
    question: 'Per what the rate is counted',
    handling: '10 requests a second for each token',
    page: PAGES.GS,
  },
  {
    question: 'Whether a refresh replaces the refresh token',
    handling: 'a new one is kept at once',
    page: PAGES.SEG,
  },
]
