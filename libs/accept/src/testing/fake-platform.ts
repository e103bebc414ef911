import type { Connection, ConnectionSettings, ConnectionStatus } from '@relay/core/connection'
import { type ConnectionId, mapPlatforms, type PlatformId, type TenantId } from '@relay/core/ids'
import { connectionSettings } from '@relay/core/connection'
import type { Platform } from '@relay/platforms/contract'

const refuse = (kind: 'skip' | 'reject', code: 'CONSENT_DENIED' | 'EVENT_UNMAPPED' | 'IDENTITY_MISSING') =>
  ({ kind: 'refused', refusal: { kind, error: { code, message: code } }, warnings: [] }) as const

const DAY_MS = 86_400_000
const never = (): never => {
  throw new Error('acceptance never talks to a platform')
}

/**
 * The part of a platform that acceptance uses, with rules that a test can see through: 7 days; the e-mail is "hashed" by its length; an address without `@` is left
 * out; without an e-mail there is no identity; denied consent and names beginning with `skip` are skipped; `custom` names are unmapped.
 */
export function fakePlatform(id: PlatformId): Platform {
  return {
    id,
    api: {} as Platform['api'],
    credentials: {} as Platform['credentials'],
    settings: connectionSettings,
    accountKey: () => '',
    mapEvent: (name) => ({ kind: 'name', name, unmapped: name.startsWith('custom') }),
    identify(event, { settings }) {
      const email = event.user_data.email
      if (typeof email !== 'string') return { user: {}, warnings: [] }
      if (!email.includes('@')) return { user: {}, warnings: [{ field: 'user_data.email', reason: 'INVALID_EMAIL' }] }
      return { user: { em: `#${email.length}`, country: settings.default_country }, warnings: [] }
    },
    acceptsUntil: (event) => event.event_time * 1_000 + 7 * DAY_MS,
    encodeEvent(event) {
      if (event.consent.ad_user_data === 'DENIED') return refuse('skip', 'CONSENT_DENIED')
      if (event.event_name.startsWith('skip')) return refuse('skip', 'EVENT_UNMAPPED')
      if (event.user['em'] === undefined) return refuse('reject', 'IDENTITY_MISSING')
      return { kind: 'body', body: {}, warnings: [] }
    },
    encodeRequest: never,
    classify: never,
    check: never,
  }
}

export const FAKE_PLATFORMS: Readonly<Record<PlatformId, Platform>> = mapPlatforms(fakePlatform)

export const buildConnection = (
  platform: PlatformId,
  changes: { readonly id?: string; readonly settings?: ConnectionSettings; readonly status?: ConnectionStatus } = {},
): Connection => ({
  id: (changes.id ?? `c_${platform}`) as ConnectionId,
  tenantId: 'shop' as TenantId,
  platform,
  name: platform,
  settings: changes.settings ?? {},
  status: changes.status ?? { state: 'active' },
  createdAt: 0,
  credentialsSavedAt: 0,
})

export const inError: ConnectionStatus = {
  state: 'error',
  code: 'CREDENTIALS_EXPIRED',
  message: 'Platform credentials have expired or been revoked',
  since: 0,
  actionRequired: 'Please reconnect with new credentials',
}
