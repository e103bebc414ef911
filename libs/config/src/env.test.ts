import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { parseConfig } from './env.ts'
import { renderEnvExample } from './env-example.ts'

const EXAMPLE = fileURLToPath(new URL('../../../.env.example', import.meta.url))

test('.env.example is what the schema prints: npm run env-example', async () => {
  expect(await readFile(EXAMPLE, 'utf8')).toBe(renderEnvExample())
})

test('every setting is described', () => {
  const lines = renderEnvExample().split('\n')
  const settings = lines.flatMap((line, index) => (line.startsWith('#RELAY_') ? [lines[index - 1]] : []))
  expect(settings.length).toBeGreaterThan(30)
  expect(settings.filter((description) => description === undefined || description === '# ' || !description.startsWith('# '))).toEqual([])
})

test('taking over every default by hand changes nothing', () => {
  const written = renderEnvExample()
    .split('\n')
    .flatMap((line) => (line.startsWith('#RELAY_') ? [line.slice(1).split(/=(.*)/s, 2) as [string, string]] : []))
  expect(parseConfig(Object.fromEntries(written))).toEqual(parseConfig({}))
})

test('the defaults are those of the document', () => {
  const result = parseConfig({})
  if (!result.ok) throw new Error('the defaults are refused')
  const { config } = result
  expect(config.platforms.meta).toMatchObject({ eventsPerMinute: 1_000, retryDelaysMs: [1_000, 2_000, 4_000] })
  expect(config.platforms.google).toMatchObject({ eventsPerMinute: 2_000, retryDelaysMs: [1_000, 2_000, 4_000] })
  expect(config.platforms.tiktok).toMatchObject({ eventsPerMinute: 600, retryDelaysMs: [5_000, 10_000, 20_000] })
  expect(config.platforms.snapchat).toMatchObject({ eventsPerMinute: 500, retryDelaysMs: [5_000, 10_000, 20_000] })
  expect(config).toMatchObject({ RELAY_REQUEST_TIMEOUT: 30_000, RELAY_BREAKER_OPEN: 60_000, RELAY_LINGER: 250, RELAY_HTTP_PORT: 8080 })
})

test('all faults are listed together, and no value is repeated', () => {
  const result = parseConfig({
    RELAY_REDIS_URL: 'hunter2',
    RELAY_META_RETRY_DELAYS: '1s,soon',
    RELAY_LINGER: 'a while',
    RELAY_PLATFORMS: 'meta,myspace',
    RELAY_HTTP_PORT: '80800',
  })
  if (result.ok) throw new Error('nothing was refused')
  expect(result.faults.map(({ name }) => name).toSorted()).toEqual([
    'RELAY_HTTP_PORT',
    'RELAY_LINGER',
    'RELAY_META_RETRY_DELAYS',
    'RELAY_PLATFORMS',
    'RELAY_REDIS_URL',
  ])
  expect(JSON.stringify(result.faults)).not.toContain('hunter2')
})

test('an empty variable counts as absent, and a slash at the end of a base URL is dropped', () => {
  const result = parseConfig({
    RELAY_HTTP_PORT: '',
    RELAY_TIKTOK_BASE_URL: 'http://127.0.0.1:8090/tiktok/',
    RELAY_TIKTOK_RETRY_DELAYS: '50ms,1m',
  })
  if (!result.ok) throw new Error('it is refused')
  expect(result.config.RELAY_HTTP_PORT).toBe(8080)
  expect(result.config.platforms.tiktok).toMatchObject({ baseUrl: 'http://127.0.0.1:8090/tiktok', retryDelaysMs: [50, 60_000] })
})
