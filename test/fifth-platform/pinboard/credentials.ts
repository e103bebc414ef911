import { connectionSettings } from '@relay/core/connection'
import { secret } from '@relay/platforms/secret'
import { z } from 'zod'

export const pinboardCredentials = z.strictObject({ access_token: secret('Conversion token of the ad account') })
export type PinboardCredentials = z.infer<typeof pinboardCredentials>

export const pinboardSettings = connectionSettings.refine((settings) => settings.pixel_id !== undefined, {
  path: ['pixel_id'],
  message: 'Pinboard needs the id of the ad account',
})
