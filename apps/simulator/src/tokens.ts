import { isWithin } from './call.ts'
import type { EpochMs, PlatformId } from './call.ts'
import type { Faults, Subject } from './faults.ts'
import { createIssued } from './issued.ts'

/**
 * Which tokens and accounts the simulator believes, without anything being set up first:
 * 1. a token that a fault names is `expired` or `revoked`;
 * 2. a refresh token that was rotated away is `revoked`; an access token of the simulator's own OAuth lives as long as it said, and is
 *    `revoked` with its refresh token;
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

export function createTokens({ now, faults }: { readonly now: () => EpochMs; readonly faults: Faults }): Tokens {
  const issued = createIssued()
  const grants = new Map<string, readonly string[]>()

  /** Revoking a grant ends what was given out under it; a grant that merely expired does not. */
  function isEnded(platform: PlatformId, refreshToken: string): boolean {
    return refreshToken.startsWith('revoked') || faults.applying('revoked_token', subjectOf(platform, refreshToken)).length > 0
  }

  return {
    judge(platform, token) {
      if (token === '') return 'missing'
      const fault = faults.take(['expired_token', 'revoked_token'], subjectOf(platform, token))
      if (fault !== undefined) return fault.kind === 'expired_token' ? 'expired' : 'revoked'
      if (issued.isReplaced(platform, token)) return 'revoked'
      const given = issued.find(platform, token)
      if (given === undefined) return spokenState(token)
      if (now() >= given.until) return 'expired'
      return isEnded(platform, given.refreshToken) ? 'revoked' : 'good'
    },
    judgeAccount(platform, account, token) {
      const fault = faults.take(['unknown_account', 'forbidden_account'], subjectOf(platform, token, account))
      if (fault !== undefined) return fault.kind === 'unknown_account' ? 'unknown' : 'forbidden'
      if (account.startsWith('unknown')) return 'unknown'
      if (account.startsWith('forbidden')) return 'forbidden'
      const granted = grants.get(`${platform} ${token}`)
      return granted === undefined || granted.some((each) => isWithin(account, each)) ? 'good' : 'forbidden'
    },
    grantsOf: (platform, token) => grants.get(`${platform} ${token}`) ?? [],
    grant: (platform, token, accounts) => void grants.set(`${platform} ${token}`, accounts),
    issue: (platform, refreshToken, lifetimeS) => issued.give(platform, { until: now() + lifetimeS * 1000, refreshToken }),
    rotate: (platform, refreshToken) => issued.replace(platform, refreshToken),
    clear() {
      issued.clear()
      grants.clear()
    },
  }
}

/** The door does not matter to faults about tokens and accounts. */
function subjectOf(platform: PlatformId, token: string, ...accounts: readonly string[]): Subject {
  return { platform, door: 'check', accounts, token }
}

function spokenState(token: string): TokenState {
  if (token.startsWith('expired')) return 'expired'
  if (token.startsWith('revoked')) return 'revoked'
  return token.startsWith('bad') || token.startsWith('wrong') ? 'bad' : 'good'
}
