import type { ConnectionInput } from '@relay/delivery/connection-draft'
import type { PlatformId, TenantId } from '@relay/core/ids'

/*
 * Who takes part: two shops, the first with two connections per platform, the second with one. All names, ids and tokens are made up; the simulator believes
 * every token that is not told to be dead.
 */

export interface Part {
  readonly tenant: TenantId
  readonly platform: PlatformId
  /** The account under which the simulator's ledger books what arrives. */
  readonly account: string
  readonly input: ConnectionInput
}

export const TENANTS: readonly [TenantId, TenantId] = ['acme' as TenantId, 'globex' as TenantId]

/** This token dies in the middle of the demo and comes back to life. */
export const DYING_TOKEN = 'meta-token-of-globex'

const ACTIONS = { Purchase: '100001', AddToCart: '100002', InitiateCheckout: '100003', CompleteRegistration: '100004' } as const

const part = (tenant: TenantId, platform: PlatformId, account: string, name: string, credentials: object, settings: object): Part => ({
  tenant,
  platform,
  account,
  input: { name, credentials, settings },
})

const metaPart = (tenant: TenantId, name: string, pixel: string, token: string): Part =>
  part(tenant, 'meta', pixel, name, { access_token: token }, { pixel_id: pixel, default_country: 'DE' })

const tiktokPart = (tenant: TenantId, name: string, pixel: string): Part =>
  part(tenant, 'tiktok', pixel, name, { access_token: `tiktok-token-of-${tenant}` }, { event_source_id: pixel, default_country: 'DE' })

const snapchatPart = (tenant: TenantId, name: string, pixel: string): Part =>
  part(tenant, 'snapchat', pixel, name, { access_token: `snapchat-token-of-${tenant}` }, { pixel_id: pixel, default_country: 'DE' })

const googlePart = (tenant: TenantId, name: string, account: string): Part =>
  part(
    tenant,
    'google',
    account,
    name,
    { client_id: `client-of-${tenant}`, client_secret: `secret-of-${tenant}`, refresh_token: `refresh-of-${tenant}-${account}` },
    { operating_account: account, conversion_actions: ACTIONS, default_country: 'DE' },
  )

const [acme, globex] = TENANTS

export const CAST: readonly Part[] = [
  metaPart(acme, 'shop', '100000000000001', 'meta-token-of-acme'),
  metaPart(acme, 'app shop', '100000000000002', 'meta-token-of-acme'),
  googlePart(acme, 'search', '1000000001'),
  googlePart(acme, 'video', '1000000002'),
  tiktokPart(acme, 'shop', 'C0000000000000000001'),
  tiktokPart(acme, 'outlet', 'C0000000000000000002'),
  snapchatPart(acme, 'shop', '00000000-0000-4000-8000-000000000001'),
  snapchatPart(acme, 'outlet', '00000000-0000-4000-8000-000000000002'),
  metaPart(globex, 'shop', '100000000000003', DYING_TOKEN),
  googlePart(globex, 'search', '1000000003'),
  tiktokPart(globex, 'shop', 'C0000000000000000003'),
  snapchatPart(globex, 'shop', '00000000-0000-4000-8000-000000000003'),
]

/** Google books by operating account and conversion action, the others by the account alone. */
export const ownsAccount = (each: Part, platform: string, account: string): boolean =>
  each.platform === platform && (account === each.account || account.startsWith(`${each.account}/`))

/** A set of credentials that must be refused before it is saved. */
export const WRONG_TOKEN: Part = metaPart(globex, 'typo', '100000000000009', 'wrong-token')
