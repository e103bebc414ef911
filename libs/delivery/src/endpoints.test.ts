import { expect, test } from 'vitest'
import { endpointsOf } from './endpoints.ts'

const platform = (tokenUrl?: string) => ({
  api: {
    version: { value: 'v1', page: 'page', read: '2026-11-24' },
    sunset: null,
    baseUrl: 'https://api.example',
    maxEventsPerRequest: { value: 10, page: 'page', read: '2026-11-24' },
    maxBodyBytes: 1_000,
    deduplicationWindowMs: null,
    ...(tokenUrl === undefined ? {} : { tokenUrl }),
  },
})
const withTokens = platform('https://login.example/login/oauth2/access_token')

test('nothing configured: the real API and its real token server', () => {
  expect(endpointsOf(withTokens, {})).toEqual({
    baseUrl: 'https://api.example',
    tokenUrl: 'https://login.example/login/oauth2/access_token',
  })
})

test('a base URL takes the tokens with it, so that no secret of a trial goes to the real token server', () => {
  expect(endpointsOf(withTokens, { baseUrl: 'http://127.0.0.1:8090/snapchat/' })).toEqual({
    baseUrl: 'http://127.0.0.1:8090/snapchat',
    tokenUrl: 'http://127.0.0.1:8090/snapchat/login/oauth2/access_token',
  })
})

test('a token URL of its own wins', () => {
  expect(endpointsOf(withTokens, { baseUrl: 'http://a', tokenUrl: 'http://b/t' })).toEqual({ baseUrl: 'http://a', tokenUrl: 'http://b/t' })
})

test('a platform whose tokens do not expire has no token URL, whatever its base URL', () => {
  expect(endpointsOf(platform(), { baseUrl: 'http://a' })).toEqual({ baseUrl: 'http://a' })
})
