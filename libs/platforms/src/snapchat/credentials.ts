import { connectionSettings, type ConnectionSettings } from '@relay/core/connection'
import { z } from 'zod'
import { secret } from '../secret.ts'
import { isSnapchatEvent } from './event-names.ts'

/** Either a static Conversions API token, or what an OAuth token is refreshed with. */
export const snapchatCredentials = z
  .strictObject({
    access_token: secret('Conversions API token from Ads Manager (Business Details)').optional(),
    client_id: secret('OAuth client id, if there is no static token').optional(),
    client_secret: secret('OAuth client secret').optional(),
    refresh_token: secret('OAuth refresh token, scope snapchat-offline-conversions-api').optional(),
  })
  .superRefine((given, context) => {
    if (given.access_token !== undefined) return
    const oauth = ['client_id', 'client_secret', 'refresh_token'] as const
    const missing = oauth.filter((field) => given[field] === undefined)
    if (missing.length === oauth.length)
      context.addIssue({
        code: 'custom',
        path: ['access_token'],
        message: 'Snapchat needs an access token, or client_id, client_secret and refresh_token',
      })
    else for (const field of missing) context.addIssue({ code: 'custom', path: [field], message: 'is missing' })
  })
  .describe('access_token, or client_id, client_secret, refresh_token')
export type SnapchatCredentials = z.infer<typeof snapchatCredentials>

export const snapchatSettings: z.ZodType<ConnectionSettings> = connectionSettings.superRefine((settings, context) => {
  if (settings.pixel_id === undefined && settings.event_source_id === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['pixel_id'],
      message: 'Snapchat needs the id of the pixel, or of the Snap app for app events',
    })
  }
  for (const [name, target] of Object.entries(settings.event_names ?? {})) {
    if (!isSnapchatEvent(target))
      context.addIssue({ code: 'custom', path: ['event_names', name], message: `Snapchat has no event ${target}` })
  }
})

/** The pixel, or the Snap app of a connection that takes app events. */
export const assetId = (settings: ConnectionSettings): string => settings.pixel_id ?? settings.event_source_id ?? ''
