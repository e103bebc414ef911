import { randomBytes } from 'node:crypto'
import type { EpochMs, PlatformId } from './call.ts'

interface IssuedToken {
  readonly until: EpochMs
  readonly refreshToken: string
}

/** What the simulator's own OAuth has given out. */
export interface Issued {
  find(platform: PlatformId, accessToken: string): IssuedToken | undefined
  /** A new access token. Only the newest 10,000 are remembered; an older one is judged like any other token. */
  give(platform: PlatformId, entry: IssuedToken): string
  /** A refresh token that takes the place of the old one. */
  replace(platform: PlatformId, refreshToken: string): string
  isReplaced(platform: PlatformId, refreshToken: string): boolean
  clear(): void
}

const REMEMBERED = 10_000

export function createIssued(): Issued {
  const tokens = new Map<string, IssuedToken>()
  const replaced = new Set<string>()
  return {
    find: (platform, accessToken) => tokens.get(`${platform} ${accessToken}`),
    give(platform, entry) {
      const token = `sim.${randomBytes(24).toString('base64url')}`
      tokens.set(`${platform} ${token}`, entry)
      const oldest = tokens.size > REMEMBERED ? tokens.keys().next().value : undefined
      if (oldest !== undefined) tokens.delete(oldest)
      return token
    },
    replace(platform, refreshToken) {
      replaced.add(`${platform} ${refreshToken}`)
      return `sim.r.${randomBytes(24).toString('base64url')}`
    },
    isReplaced: (platform, refreshToken) => replaced.has(`${platform} ${refreshToken}`),
    clear() {
      tokens.clear()
      replaced.clear()
    },
  }
}
