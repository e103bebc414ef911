import { PLATFORM_IDS } from '@relay/core/ids'

/*
 * The demo changes no default: what it needs to fit into a minute and a half it sets by the ordinary environment, and prints it first.
 */

const PER_PLATFORM = { EVENTS_PER_MINUTE: '120000', RETRY_DELAYS: '300ms,600ms,1200ms' } as const

/** Ordinary settings, as an operator would give them. */
export const DEMO_SETTINGS: Readonly<Record<string, string>> = {
  RELAY_REQUEST_TIMEOUT: '2s',
  RELAY_BREAKER_OPEN: '3s',
  RELAY_LINGER: '100ms',
  RELAY_VERDICT_DELAY: '3s',
  RELAY_LOG_LEVEL: 'warn',
  ...Object.fromEntries(
    PLATFORM_IDS.flatMap((platform) =>
      Object.entries(PER_PLATFORM).map(([name, value]) => [`RELAY_${platform.toUpperCase()}_${name}`, value]),
    ),
  ),
}

/** One line for each setting, those of the platforms joined into one. */
export function settingLines(): string[] {
  const general = Object.entries(DEMO_SETTINGS).filter(
    ([name]) => !PLATFORM_IDS.some((platform) => name.startsWith(`RELAY_${platform.toUpperCase()}_`)),
  )
  return [
    ...general.map(([name, value]) => `${name}=${value}`),
    ...Object.entries(PER_PLATFORM).map(([name, value]) => `RELAY_<PLATFORM>_${name}=${value}`),
  ]
}
