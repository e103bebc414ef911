import { PLATFORM_IDS } from '@relay/core/ids'
import { z } from 'zod'
import { environment } from './env.ts'

interface Setting {
  readonly name: string
  readonly description: string
  /** As it would stand behind the `=`; empty where there is no default. */
  readonly fallback: string
}

const HEAD = `# Every setting of conversion-relay, with its default. A setting is read from the environment, or from a file .env in the working folder;
# the environment wins. An empty one counts as absent. All wrong ones are listed together, and the process ends with 2.
# Durations are 500ms, 30s, 5m, 2h or 3d.
# This file is printed from libs/config/src/env.ts: npm run env-example`

/** The text of `.env.example`: each setting of the schema with its description, commented out at its default. Pure. */
export function renderEnvExample(): string {
  const settings = readSettings()
  const sections = [...Map.groupBy(settings, platformOf)].map(([platform, own]) => {
    const title = platform === '' ? [] : [`# ---- ${platform}`]
    return [...title, ...own.map(({ name, description, fallback }) => `# ${description}\n#${name}=${fallback}`)].join('\n\n')
  })
  return `${[HEAD, ...sections].join('\n\n')}\n`
}

/** Empty for what is no platform's own. */
const platformOf = ({ name }: Setting): string => PLATFORM_IDS.find((platform) => name.startsWith(`RELAY_${platform.toUpperCase()}_`)) ?? ''

function readSettings(): Setting[] {
  const { properties = {} } = z.toJSONSchema(environment, { io: 'input', unrepresentable: 'any' })
  return Object.entries(properties).map(([name, property]) => {
    const { description = '', default: fallback = '' } = typeof property === 'object' ? property : {}
    return { name, description, fallback: String(fallback) }
  })
}
