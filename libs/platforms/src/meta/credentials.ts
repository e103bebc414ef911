import { connectionSettings, type ConnectionSettings } from '@relay/core/connection'
import { z } from 'zod'
import { secret } from '../secret.ts'

export const metaCredentials = z.strictObject({
  access_token: secret('Access token from Events Manager, or of a system user who holds the pixel'),
})
export type MetaCredentials = z.infer<typeof metaCredentials>

export const metaSettings: z.ZodType<ConnectionSettings> = connectionSettings.refine((settings) => settings.pixel_id !== undefined, {
  path: ['pixel_id'],
  message: 'Meta needs the id of the pixel or dataset',
})
