import { PLATFORM_DEFAULTS } from './platform-defaults.ts'

/** Ids are branded so that a tenant's id cannot stand where a connection's is due. They are plain strings at run time. */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

export type TenantId = Branded<'tenant'>
export type ConnectionId = Branded<'connection'>
/** 22 characters, a hash of the duplicate key: the same event for the same connection has the same delivery id for ever. */
export type DeliveryId = Branded<'delivery'>
export type BatchId = Branded<'batch'>

export type PlatformId = keyof typeof PLATFORM_DEFAULTS
export const PLATFORM_IDS = Object.keys(PLATFORM_DEFAULTS) as readonly PlatformId[]

export const isPlatformId = (text: string): text is PlatformId => (PLATFORM_IDS as readonly string[]).includes(text)

/** The same thing for each platform. */
export const mapPlatforms = <T>(make: (platform: PlatformId) => T): { readonly [P in PlatformId]: T } =>
  Object.fromEntries(PLATFORM_IDS.map((platform) => [platform, make(platform)])) as { [P in PlatformId]: T }
