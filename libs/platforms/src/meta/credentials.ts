import { connectionSettings, type ConnectionSettings } from '@relay/core/connection'
import { z } from 'zod'

export const metaCredentials = z.strictObject({
  access_token: z
    .string()
    .trim()
    .min(1)
    .max(4096)
    .regex(/^[\u0021-\u007E]+$/, 'has blanks or characters that no token has')
    .describe('Access token from Events Manager, or of a system user who holds the pixel'),
})
export type MetaCredentials = z.infer<typeof metaCredentials>

export const metaSettings: z.ZodType<ConnectionSettings> = connectionSettings.refine((settings) => settings.pixel_id !== undefined, {
  path: ['pixel_id'],
  message: 'Meta needs the id of the pixel or dataset',
})
