import type { UserData } from '@relay/core/event'
import { describe, expect, it } from 'vitest'
import type { HttpRequest, Platform } from '../contract.ts'
import { accountOf, bodiesOf, contextOf, type Fixtures } from './fixtures.ts'
import { preparedFor } from './events.ts'

/** Texts that no platform may get to see, and that nothing may be logged of. */
const CANARIES = {
  email: 'Canary.Mail@example.com',
  phone: '+1 650 555 1212',
  first_name: 'Canaryfirst',
  last_name: 'Canarylast',
  date_of_birth: '1987-06-05',
  street_address: '12 Canary Street',
  external_id: 'canary-external-7',
} as const satisfies UserData

const needles = Object.values(CANARIES).flatMap((text) => [
  text,
  text.toLowerCase(),
  text.replaceAll(/[^\p{L}\p{N}@.]/gu, '').toLowerCase(),
])
const NONSENSE: UserData = Object.fromEntries(Object.keys(CANARIES).map((field) => [field, ['\u0001 ', `no ${field} canary !§ 12`]]))

const holds = (text: string): string[] => needles.filter((needle) => text.toLowerCase().includes(needle.toLowerCase()))

/** What may be logged of a request. */
const logged = (request: HttpRequest): string => request.redactedUrl ?? request.url

const secretsOf = <C>(fixtures: Fixtures<C>): string[] =>
  [...Object.values(fixtures.credentials as Record<string, unknown>), fixtures.accessToken].filter((value) => typeof value === 'string')

function describeIdentifiers<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  it('keeps no raw identifier of a person', () => {
    const event = { ...fixtures.sendable, user_data: { ...fixtures.sendable.user_data, ...CANARIES } }
    const { event: prepared, warnings } = preparedFor(platform, event, fixtures.settings)
    const encoded = platform.encodeEvent(prepared, fixtures.settings)
    expect(holds(JSON.stringify([prepared, warnings, encoded]))).toEqual([])
  })

  it('warns of what it left out by path and reason, never by value', () => {
    const event = { ...fixtures.sendable, user_data: NONSENSE }
    const { warnings } = preparedFor(platform, event, fixtures.settings)
    for (const warning of warnings)
      expect(warning).toEqual({
        field: expect.stringMatching(/^[a-z_]+\.[a-z_]+(\[\d+\])?$/),
        reason: expect.stringMatching(/^[A-Z0-9_]+$/),
      })
    expect(JSON.stringify(warnings)).not.toContain('canary')
  })
}

function describeSecrets<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  const account = accountOf(fixtures)
  const secrets = secretsOf(fixtures)
  it('has its secrets in no body and in nothing that is logged', () => {
    const request = platform.encodeRequest(bodiesOf(platform, fixtures, 2), account, 'TEST1')
    for (const secret of secrets) {
      expect(request.body).not.toContain(secret)
      expect(logged(request)).not.toContain(secret)
    }
  })

  it('has its secrets in nothing that is logged of a check', async () => {
    const requests: HttpRequest[] = []
    await platform.check(account, {
      send: (request) => {
        requests.push(request)
        return Promise.resolve(fixtures.deadCredentials('no'))
      },
    })
    expect(requests.length).toBeGreaterThan(0)
    for (const secret of secrets) for (const request of requests) expect(logged(request)).not.toContain(secret)
  })

  it('repeats neither secrets nor identifiers that a platform says back', async () => {
    const echo = `Bad call by ${secrets.join(' and ')} for ${CANARIES.email} or ${CANARIES.phone}`
    const answer = fixtures.deadCredentials(echo)
    const outcomes = platform.classify(answer, bodiesOf(platform, fixtures, 2), contextOf(platform, fixtures.settings))
    const report = await platform.check(account, { send: () => Promise.resolve(answer) })
    const said = JSON.stringify([outcomes, report])
    for (const secret of secrets) expect(said).not.toContain(secret)
    expect(holds(said)).toEqual([])
  })
}

export function describePrivacy<C>(platform: Platform<C>, fixtures: Fixtures<C>): void {
  describe('privacy', () => {
    describeIdentifiers(platform, fixtures)
    describeSecrets(platform, fixtures)
  })
}
