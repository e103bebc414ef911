import { writeFile } from 'node:fs/promises'
import { PLATFORM_IDS } from '@relay/core/ids'
import { DOCUMENTS, readmeOf } from './documents.ts'
import { renderPlatformReadme } from './render.ts'

// `npm run platform-docs`: the README of each adapter's folder, printed from the adapter.
for (const platform of PLATFORM_IDS) {
  await writeFile(readmeOf(platform), renderPlatformReadme(DOCUMENTS[platform]))
  process.stdout.write(`libs/platforms/src/${platform}/README.md\n`)
}
