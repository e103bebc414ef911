import { readFile } from 'node:fs/promises'
import { PLATFORM_IDS } from '@relay/core/ids'
import { expect, test } from 'vitest'
import { DOCUMENTS, readmeOf } from '../platform-docs/documents.ts'
import { renderPlatformReadme } from '../platform-docs/render.ts'

test.each(PLATFORM_IDS)('the README of %s is what its adapter prints: npm run platform-docs', async (platform) => {
  expect(await readFile(readmeOf(platform), 'utf8')).toBe(renderPlatformReadme(DOCUMENTS[platform]))
})
