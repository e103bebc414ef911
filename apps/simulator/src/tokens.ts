import { randomBytes } from 'node:crypto'
import type { EpochMs, PlatformId } from './call.ts'
import { isWithin } from './faults.ts'
import type { Faults } from './faults.ts'

/**
 * Which tokens and accounts the simulator believes, without anything being set up first:
 * 1. a token that a fault names is `expired` or `revoked`;
 * 2. a token given out by the simulator's own OAuth lives as long as it said, and ends with its refresh token;
 * 3. a token beginning with bad, wrong, revoked or expired is what it says;
 * 4. an account that a fault names, or beginning with unknown or forbidden, is what it says;
 * 5. a token with grants opens only those accounts;
 * 6. everything else is good.
 */
export type TokenState = 'good' | 'missing' | 'bad' | 'expired' | 'revoked'
export type AccountState = 'good' | 'unknown' | 'forbidden'

export interface Tokens {
  judge(platform: PlatformId, token: string): TokenState
  judgeAccount(platform: PlatformId, account: string, token: string): AccountState
  /** Accounts the token was granted with `POST /tokens`; empty where it was granted none. */
  grantsOf(platform: PlatformId, token: string): readonly string[]
  grant(platform: PlatformId, token: string, accounts: readonly string[]): void
  /** A new access token; it stops being good after `lifetimeS`. */
  issue(platform: PlatformId, refreshToken: string, lifetimeS: number): string
  /** A refresh token that takes the place of the old one, which is revoked from now on. */
  rotate(platform: PlatformId, refreshToken: string): string
  clear(): void
}

interface Issued {
  readonly until: EpochMs
  readonly refreshToken: string
}

/** More live access tokens than this are never needed at once; the oldest are forgotten and then judged like any other token. */
const MAX_ISSUED = 10_000

export function createTokens(options: { readonly now: () => EpochMs; readonly faults: Faults }): Tokens {
  const { now, faults } = options
  const issued = new Map<string, Issued>()
  const replaced = new Set<string>()
  const grants = new Map<string, readonly string[]>()
  const keyOf = (platform: PlatformId, token: string): string => `${platform} ${token}`

  function judge(platform: PlatformId, token: string): TokenState {
    if (token === '') return 'missing'
    const named = namedState(platform, token)
    if (named !== undefined) return named
    const key = keyOf(platform, token)
    if (replaced.has(key)) return 'revoked'
    const given = issued.get(key)
    if (given === undefined) return spokenState(token)
    if (now() >= given.until) return 'expired'
    return isEnded(platform, given.refreshToken) ? 'revoked' : 'good'
  }

  /** Revoking a grant ends what was given out under it; a grant that merely expired does not. */
  function isEnded(platform: PlatformId, refreshToken: string): boolean {
    const subject = { platform, door: 'check', accounts: [], token: refreshToken } as const
    return refreshToken.startsWith('revoked') || faults.applying('revoked_token', subject).length > 0
  }

  function namedState(platform: PlatformId, token: string): TokenState | undefined {
    const fault = faults.take(['expired_token', 'revoked_token'], { platform, door: 'check', accounts: [], token })
    if (fault === undefined) return undefined
    return fault.kind === 'expired_token' ? 'expired' : 'revoked'
  }

  function remember(key: string, entry: Issued): void {
    issued.set(key, entry)
    const oldest = issued.size > MAX_ISSUED ? issued.keys().next().value : undefined
    if (oldest !== undefined) issued.delete(oldest)
  }

  return {
    judge,
    judgeAccount(platform, account, token) {
      const fault = faults.take(['unknown_account', 'forbidden_account'], { platform, door: 'check', accounts: [account], token })
      if (fault !== undefined) return fault.kind === 'unknown_account' ? 'unknown' : 'forbidden'
      if (account.startsWith('unknown')) return 'unknown'
      if (account.startsWith('forbidden')) return 'forbidden'
      const granted = grants.get(keyOf(platform, token))
      return granted === undefined || granted.some((each) => isWithin(account, each)) ? 'good' : 'forbidden'
    },
    grantsOf: (platform, token) => grants.get(keyOf(platform, token)) ?? [],
    grant: (platform, token, accounts) => void grants.set(keyOf(platform, token), accounts),
    issue(platform, refreshToken, lifetimeS) {
      const token = `sim.${randomBytes(24).toString('base64url')}`
      remember(keyOf(platform, token), { until: now() + lifetimeS * 1000, refreshToken })
      return token
    },
    rotate(platform, refreshToken) {
      replaced.add(keyOf(platform, refreshToken))
      return `sim.r.${randomBytes(24).toString('base64url')}`
    },
    clear() {
      issued.clear()
      replaced.clear()
      grants.clear()
    },
  }
}

function spokenState(token: string): TokenState {
  if (token.startsWith('expired')) return 'expired'
  if (token.startsWith('revoked')) return 'revoked'
  return token.startsWith('bad') || token.startsWith('wrong') ? 'bad' : 'good'
}
