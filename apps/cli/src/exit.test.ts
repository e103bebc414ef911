import { RedisStartError } from '@relay/embedded-redis/start-error'
import { KeyRingError } from '@relay/vault/key-ring'
import { CommanderError } from 'commander'
import { describe, expect, test } from 'vitest'
import { CliError, EXIT, endingOf } from './exit.ts'

const redisError = (name: string, message: string): Error => Object.assign(new Error(message), { name })

describe('the exit code', () => {
  test.each([
    [new CliError(EXIT.refused, 'ALREADY_CONNECTED', 'there'), 4],
    [new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), 0],
    [new CommanderError(0, 'commander.version', '0.1.0'), 0],
    [new CommanderError(1, 'commander.help', '(outputHelp)'), 2],
    [new CommanderError(1, 'commander.unknownOption', "error: unknown option '--x'"), 2],
    [new KeyRingError(['key 1 is not of the form id:base64']), 2],
    [new RedisStartError('NO_SERVER', 'apt-get install redis-server'), 2],
    [new RedisStartError('DID_NOT_START', 'last lines'), 1],
    [redisError('MaxRetriesPerRequestError', 'Reached the max retries'), 1],
    [new Error('Command timed out'), 1],
    [new TypeError('undefined is not a function'), 1],
    ['thrown text', 1],
  ])('of %s is %i', (error, exitCode) => {
    expect(endingOf(error).exitCode).toBe(exitCode)
  })
})

test('help is not an error: nothing more is said', () => {
  expect(endingOf(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'))).toEqual({ exitCode: 0 })
})

test('every other ending says what went wrong and what to do, and has a body for machines', () => {
  const errors = [
    new CommanderError(1, 'commander.unknownCommand', "error: unknown command 'foo'"),
    redisError('ReplyError', 'LOADING Redis is loading the dataset in memory'),
    redisError('ExitPromptError', 'User force closed the prompt'),
    new TypeError('oops'),
  ]
  for (const error of errors) {
    const ending = endingOf(error)
    expect(ending.message).not.toBe('')
    expect(ending.body?.error).toMatchObject({ code: expect.stringMatching(/^[A-Z_]+$/) as string, message: ending.message })
  }
  expect(endingOf(errors[0])).toMatchObject({ message: "unknown command 'foo'", nextStep: expect.stringContaining('--help') as string })
})

test('refused credentials have the body of case 1', () => {
  const details = { platform: 'meta', error_code: 190, error_message: 'Invalid OAuth 2.0 Access Token', field: 'credentials.access_token' }
  const error = new CliError(EXIT.refused, 'INVALID_CREDENTIALS', 'Authentication failed with Meta API', { details })
  expect(endingOf(error).body).toEqual({ error: { code: 'INVALID_CREDENTIALS', message: 'Authentication failed with Meta API', details } })
})
