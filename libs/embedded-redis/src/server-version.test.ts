import { describe, expect, test } from 'vitest'
import { parseServerVersion } from './server-version.ts'

describe('version of a server', () => {
  test.each([
    ['Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=aae6de7e9a4fb6c5\n', 7, '7.0.15'],
    ['Valkey server v=8.1.1 sha=00000000:0 malloc=libc bits=64 build=0\n', 8, '8.1.1'],
    ['Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64\n', 6, '6.0.16'],
  ])('%s', (output, major, text) => {
    expect(parseServerVersion(output)).toEqual({ major, text })
  })

  test('what is no server has none', () => {
    expect(parseServerVersion('usage: something else\n')).toBeUndefined()
  })
})
