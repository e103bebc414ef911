import { BlockList, isIP } from 'node:net'
import { normalised, unusable, type Normalised } from './normalised.ts'

/**
 * Networks whose addresses say nothing about a visitor. The first rows are the list of Meta's own code (facebook/capi-param-builder, read
 * 2026-11-24); the rest can't be routed either. Addresses reserved for documentation are let through: examples and tests use them.
 */
const notPublic = new BlockList()
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['0.0.0.0', 8],
  ['100.64.0.0', 10],
  ['224.0.0.0', 3],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::1', 128],
  ['::', 128],
  ['fe80::', 10],
  ['fc00::', 7],
  ['ff00::', 8],
] as const) {
  notPublic.addSubnet(network, prefix, 'ipv6')
}

const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** One public IPv4 or IPv6 address, as it was written; an IPv4 address in IPv6 clothes (`::ffff:198.51.100.7`) comes back as IPv4. */
export function normaliseIpAddress(value: string): Normalised {
  const given = value.trim()
  if (given === '') return unusable('EMPTY')
  const text = MAPPED_IPV4.exec(given)?.[1] ?? given
  const version = isIP(text)
  if (version === 0) return unusable('INVALID_IP_ADDRESS')
  const address = text.replace(/%.*$/, '')
  return notPublic.check(address, version === 4 ? 'ipv4' : 'ipv6') ? unusable('PRIVATE_IP_ADDRESS') : normalised(address)
}
