import { connectionSettings } from '@relay/core/connection'
import { z } from 'zod'
import { secret } from '../secret.ts'

/** An Events Manager token, or one of a Marketing API app; neither expires by itself and neither can be refreshed. */
export const tiktokCredentials = z.strictObject({
  access_token: secret('Access token from Events Manager: pixel, Settings, Events API, Generate access token'),
})
export type TikTokCredentials = z.infer<typeof tiktokCredentials>

export const tiktokSettings = connectionSettings.superRefine((settings, context) => {
  if (settings.event_source_id === undefined) {
    context.addIssue({
      code: 'custom',
      path: ['event_source_id'],
      message: 'TikTok needs event_source_id: the pixel code, or for app, offline and crm the app id or event set id',
    })
  }
})
