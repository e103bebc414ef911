import { connectionSettings } from '@relay/core/connection'
import { z } from 'zod'
import { secret } from '../secret.ts'

export const googleCredentials = z
  .strictObject({
    client_id: secret('OAuth client id'),
    client_secret: secret('OAuth client secret'),
    refresh_token: secret(
      'Refresh token, granted with the scope https://www.googleapis.com/auth/datamanager; for api: ads https://www.googleapis.com/auth/adwords',
    ),
    developer_token: secret('Developer token, for api: ads alone').optional(),
  })
  .describe('client_id, client_secret, refresh_token; with api "ads" also developer_token')
export type GoogleCredentials = z.infer<typeof googleCredentials>

/** `123-456-7890` as Google's pages show it, and `1234567890` as its API takes it. */
export const accountDigits = (account: string): string => account.replaceAll('-', '')

const isAccount = (account: string): boolean => /^\d{10}$/.test(accountDigits(account))

export const googleSettings = connectionSettings.superRefine((settings, context) => {
  const refuse = (path: (string | number)[], message: string): void => context.addIssue({ code: 'custom', path, message })
  if (settings.operating_account === undefined) refuse(['operating_account'], 'Google needs the account that owns the conversion actions')
  else if (!isAccount(settings.operating_account)) refuse(['operating_account'], 'must be the 10 digits of a Google Ads account')
  if (settings.login_account !== undefined && !isAccount(settings.login_account)) {
    refuse(['login_account'], 'must be the 10 digits of a Google Ads account')
  }
  const actions = Object.entries(settings.conversion_actions ?? {})
  if (actions.length === 0)
    refuse(['conversion_actions'], 'Google needs a conversion action: {"Purchase": "123456789"}, or "*" for all others')
  for (const [name, id] of actions) {
    if (!/^\d+$/.test(id)) refuse(['conversion_actions', name], 'must be the numeric id of a conversion action, not its resource name')
  }
})
