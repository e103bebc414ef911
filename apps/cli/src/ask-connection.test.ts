import type { Connection } from '@relay/core/connection'
import type { ConnectionInput } from '@relay/delivery/connection-draft'
import type { Checked, ProvisionRefusal } from '@relay/delivery/provision'
import { readDraft } from '@relay/delivery/connection-draft'
import { PLATFORMS } from '@relay/platforms/registry'
import { expect, test } from 'vitest'
import { askConnection, type Questions } from './ask-connection.ts'

const CHECKED: Checked = { kind: 'checked', connection: {} as Connection, check: 'verified', why: null, replayed: 0 }

function createQuestions(answers: readonly string[]) {
  const asked: string[] = []
  const told: string[] = []
  const left = [...answers]
  const answer =
    (kind: string) =>
    (message: string): Promise<string> => {
      asked.push(`${kind} ${message.split(':')[0]}`)
      return Promise.resolve(left.shift() ?? '')
    }
  const questions: Questions = {
    secret: answer('secret'),
    text: answer('text'),
    choose: () => Promise.resolve(0),
    tell: (message) => void told.push(message),
  }
  return { questions, asked, told }
}

/** Answers as the library would: the shape first, then the platform's word on the token. */
const attemptOn =
  (
    platform: (typeof PLATFORMS)['meta'],
    tried: ConnectionInput[],
    verdict: (input: ConnectionInput) => Checked | ProvisionRefusal = () => CHECKED,
  ) =>
  (input: ConnectionInput): Promise<Checked | ProvisionRefusal> => {
    tried.push(structuredClone(input))
    const read = readDraft(platform, input)
    return Promise.resolve(read.ok ? verdict(input) : { kind: 'malformed', faults: read.faults })
  }

test('asks for the credentials as secrets and for the settings that the platform cannot do without', async () => {
  const tried: ConnectionInput[] = []
  const { questions, asked } = createQuestions(['EAAtoken', '111'])
  await askConnection(questions, PLATFORMS.meta, attemptOn(PLATFORMS.meta, tried))
  expect(asked).toEqual(['secret access_token', 'text pixel_id'])
  expect(tried).toEqual([{ credentials: { access_token: 'EAAtoken' }, settings: { pixel_id: '111' } }])
})

test('a refused field is asked again, and only that one', async () => {
  const tried: ConnectionInput[] = []
  const { questions, asked, told } = createQuestions(['bad', '111', 'EAAgood'])
  const refused: ProvisionRefusal = {
    kind: 'refused',
    report: {
      verdict: 'refused',
      message: 'Authentication failed with Meta API',
      details: { platform: 'meta', error_code: 190, error_message: 'Invalid OAuth 2.0 Access Token', field: 'credentials.access_token' },
    },
  }
  const verdict = ({ credentials }: ConnectionInput) =>
    (credentials as { access_token: string }).access_token === 'bad' ? refused : CHECKED
  const result = await askConnection(questions, PLATFORMS.meta, attemptOn(PLATFORMS.meta, tried, verdict))
  expect(result).toBe(CHECKED)
  expect(asked).toEqual(['secret access_token', 'text pixel_id', 'secret access_token'])
  expect(told).toEqual(['credentials.access_token: Authentication failed with Meta API: Invalid OAuth 2.0 Access Token'])
  expect(tried.at(-1)?.credentials).toEqual({ access_token: 'EAAgood' })
})

test('a field that is left empty is left out, and asked again where the platform needs it', async () => {
  const tried: ConnectionInput[] = []
  const { questions, asked } = createQuestions(['', 'c', 's', '', '', '9a', 'r'])
  await askConnection(questions, PLATFORMS.snapchat, attemptOn(PLATFORMS.snapchat, tried))
  expect(asked.slice(0, 4)).toEqual(['secret access_token', 'secret client_id', 'secret client_secret', 'secret refresh_token'])
  expect(asked.filter((question) => question === 'secret refresh_token').length).toBeGreaterThan(1)
  expect(JSON.stringify(tried[0])).not.toContain('access_token')
})

test('settings that are no text are read as JSON', async () => {
  const tried: ConnectionInput[] = []
  const { questions } = createQuestions(['id', 'secret', 'refresh', '', '1234567890', '{"*":"55"}'])
  const result = await askConnection(questions, PLATFORMS.google, attemptOn(PLATFORMS.google, tried))
  expect(result).toBe(CHECKED)
  expect(tried.at(-1)?.settings).toEqual({ operating_account: '1234567890', conversion_actions: { '*': '55' } })
})

test('trouble that no answer cures is not asked about', async () => {
  const { questions, asked } = createQuestions(['EAAtoken', '111'])
  const unreachable: ProvisionRefusal = { kind: 'unreachable', message: 'no answer' }
  expect(
    await askConnection(
      questions,
      PLATFORMS.meta,
      attemptOn(PLATFORMS.meta, [], () => unreachable),
    ),
  ).toBe(unreachable)
  expect(asked).toHaveLength(2)
})
