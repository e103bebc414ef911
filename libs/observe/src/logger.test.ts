import { describe, expect, test } from 'vitest'
import { createLogger } from './logger.ts'
import type { LogLevel } from './logger.ts'

function capture(level: LogLevel = 'info') {
  const lines: string[] = []
  const logger = createLogger({ process: 'worker', level, destination: { write: (line) => void lines.push(line) } })
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> }
}

describe('logger', () => {
  test('a line names its process and time, and has what it was given', () => {
    const { logger, last } = capture()
    logger.info({ platform: 'meta', events: 12 }, 'batch settled')
    expect(last()).toMatchObject({ level: 'info', process: 'worker', pid: process.pid, platform: 'meta', events: 12, msg: 'batch settled' })
    expect(new Date(String(last()['time'])).getTime()).toBeGreaterThan(0)
  })

  test('below its level it is silent', () => {
    const { logger, lines } = capture('warn')
    logger.info('not this')
    logger.warn('but this')
    expect(lines).toHaveLength(1)
  })

  test('secrets and people are cut out of objects, child bindings, messages, errors and their causes', () => {
    const { logger, lines } = capture()
    const redisError = Object.assign(new Error('ERR for jane@canary.example'), { command: { name: 'hset', args: ['canary-argument'] } })
    logger
      .child({ token: 'canary-binding' })
      .info({ connection: { credentials: { access_token: 'canary-nested' } } }, 'sent to bob@canary.example')
    logger.error({ err: new Error('outer', { cause: redisError }) }, 'failed')
    logger.error(redisError)
    expect(lines).toHaveLength(3)
    expect(lines.join('')).not.toMatch(/canary/)
    expect(JSON.parse(lines[1]!)).toMatchObject({ err: { message: 'outer', cause: { message: 'ERR for ***' } }, msg: 'failed' })
  })

  test('an error keeps its name, code and stack', () => {
    const { logger, last } = capture()
    logger.warn({ err: Object.assign(new TypeError('no'), { code: 'ECONNREFUSED' }) }, 'x')
    expect(last()).toMatchObject({
      err: { type: 'TypeError', code: 'ECONNREFUSED', message: 'no', stack: expect.stringContaining('logger.test.ts') },
    })
  })

  test('causes that lead back to themselves end', () => {
    const { logger, last } = capture()
    const error = new Error('loop')
    error.cause = error
    logger.error({ err: error }, 'x')
    expect(last()).toMatchObject({ err: { cause: { cause: { cause: { message: 'loop' } } } } })
  })
})
