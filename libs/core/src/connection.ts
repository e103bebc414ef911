import { z } from 'zod'
import type { EpochMs } from './clock.ts'
import type { SuspendingCode } from './errors.ts'
import { ACTION_SOURCES } from './event.ts'
import type { ConnectionId, PlatformId, TenantId } from './ids.ts'

const identifier = z.string().trim().min(1).max(256)

/** A connection's non-secret settings, one shape for all platforms; each platform names those it demands (`Platform.settings`). */
export const connectionSettings = z.strictObject({
  pixel_id: identifier.optional().describe('Meta pixel or dataset; Snapchat pixel, or Snap app id for app events'),
  event_source_id: identifier.optional().describe('TikTok pixel code, app id, offline or CRM event set id'),
  event_source: z.enum(['web', 'app', 'offline', 'crm']).optional().describe('TikTok: what event_source_id is; default web'),
  api: z.enum(['data_manager', 'ads']).optional().describe('Google: which API takes the conversions; default data_manager'),
  conversion_actions: z
    .record(z.string().min(1), identifier)
    .optional()
    .describe('Google: event name, or * for all others, to conversion action id'),
  operating_account: identifier.optional().describe('Google: account that owns the conversion actions, digits'),
  login_account: identifier.optional().describe('Google: account where the credential is a user, if another one'),
  transaction_id: z
    .enum(['safe', 'exact'])
    .optional()
    .describe('Google: order ids as the tag sent them, byte for byte (exact), or in a form that every upload takes (safe, the default)'),
  default_country: z
    .string()
    .regex(/^[A-Za-z]{2}$/)
    .transform((code) => code.toUpperCase())
    .optional()
    .describe('ISO country for phone numbers without a country code'),
  event_names: z
    .record(z.string().min(1), z.string().min(1).max(128))
    .optional()
    .describe('Event name to the name this platform shall see'),
  unmapped: z.enum(['generic', 'original', 'drop']).optional().describe('What becomes of a custom name'),
  hash_external_id: z.boolean().optional().describe('Meta: hash external_id; default true'),
  require_consent: z.boolean().optional().describe('Events without consent are skipped; default false'),
  test_event_code: z.string().min(1).max(256).optional().describe('Every event of this connection is a test event'),
  only_events: z.array(z.string().min(1)).optional().describe('Event filter: names that pass; absent: all'),
  only_action_sources: z.array(z.enum(ACTION_SOURCES)).optional().describe('Event filter: action sources that pass; absent: all'),
  events_per_minute: z.number().int().positive().optional().describe('Rate limit of this connection'),
  linger_ms: z.number().int().min(0).max(60_000).optional().describe('How long a lone event waits for others; default RELAY_LINGER'),
})
export type ConnectionSettings = z.infer<typeof connectionSettings>

export type ConnectionStatus =
  | { readonly state: 'active' }
  | { readonly state: 'disabled'; readonly since: EpochMs }
  | {
      readonly state: 'error'
      readonly code: SuspendingCode
      readonly message: string
      readonly since: EpochMs
      readonly actionRequired: string
    }

/** Everything of a connection but its secrets. */
export interface Connection {
  readonly id: ConnectionId
  readonly tenantId: TenantId
  readonly platform: PlatformId
  readonly name: string
  readonly settings: ConnectionSettings
  readonly status: ConnectionStatus
  readonly createdAt: EpochMs
  /** When the credentials in force were saved; some platforms know a new token only hours later. */
  readonly credentialsSavedAt: EpochMs
}
