import type { Platform } from '@relay/platforms/contract'

/** Where a platform is reached, without a trailing slash. `tokenUrl` only where its tokens are refreshed. */
export interface Endpoints {
  readonly baseUrl: string
  readonly tokenUrl?: string
}

/**
 * What is configured wins; a base URL alone takes the tokens with it (same path as the real token server, so that one simulator stands in for
 * both); else the real API. Pure.
 */
export function endpointsOf(
  platform: Pick<Platform, 'api'>,
  given: { readonly baseUrl?: string | undefined; readonly tokenUrl?: string | undefined },
): Endpoints {
  const { api } = platform
  const baseUrl = (given.baseUrl ?? api.baseUrl).replace(/\/+$/, '')
  const tokenUrl = given.tokenUrl ?? tokenUrlUnder(given.baseUrl === undefined ? undefined : baseUrl, api.tokenUrl)
  return tokenUrl === undefined ? { baseUrl } : { baseUrl, tokenUrl }
}

function tokenUrlUnder(baseUrl: string | undefined, real: string | undefined): string | undefined {
  if (real === undefined || baseUrl === undefined) return real
  return `${baseUrl}${new URL(real).pathname}`
}
