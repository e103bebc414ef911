import type { ConversionEvent, FieldWarning } from '@relay/core/event'
import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { Platform } from '@relay/platforms/contract'
import { preparedFor } from '@relay/platforms/testing/events'
import type { Variant } from './document.ts'
import { type Probe, sampleEvent } from './sample-event.ts'

/*
 * Where a field goes is found by trying: the same event twice, with another value in that field, and what differs in the two bodies is where it went.
 */

type Leaves = ReadonlyMap<string, JsonValue>

function leavesOf(value: JsonValue | undefined, path = '', into = new Map<string, JsonValue>()): Map<string, JsonValue> {
  if (Array.isArray(value))
    for (const [index, entry] of (value as readonly JsonValue[]).entries()) leavesOf(entry, `${path}[${index}]`, into)
  else if (isJsonObject(value))
    for (const [key, entry] of Object.entries(value)) leavesOf(entry, path === '' ? key : `${path}.${key}`, into)
  else if (value !== undefined) into.set(path, value)
  return into
}

const differences = (one: Leaves, other: Leaves): readonly (readonly [string, JsonValue])[] =>
  [...new Map([...other, ...one])].filter(([path]) => one.get(path) !== other.get(path))

function typeOf(value: JsonValue): string {
  if (typeof value === 'string') return /^[0-9a-f]{64}$/.test(value) ? 'SHA-256' : 'text'
  return value === null ? 'null' : typeof value
}

interface Encoded {
  readonly leaves: Leaves | undefined
  readonly refused: string | undefined
  readonly warnings: readonly FieldWarning[]
}

function encode(platform: Platform, variant: Variant, event: ConversionEvent): Encoded {
  const { event: prepared, warnings } = preparedFor(platform, event, variant.settings)
  const encoded = platform.encodeEvent(prepared, variant.settings)
  if (encoded.kind === 'refused') return { leaves: undefined, refused: encoded.refusal.error.code, warnings }
  return { leaves: leavesOf(encoded.body), refused: undefined, warnings: [...warnings, ...encoded.warnings] }
}

/** Where one field goes under one variant, for a cell of a table: paths in the platform's body with their types, else why nothing is sent. */
export function destinationOf(platform: Platform, variant: Variant, probe: Probe): string {
  const base = sampleEvent(variant.event)
  const tried = probe.values.map((edit) => encode(platform, variant, edit(base)))
  const [first, ...others] = tried
  if (first?.leaves === undefined) return `refused: \`${first?.refused}\``
  const refusals = new Set(others.flatMap(({ refused }) => refused ?? []))
  const found = new Map<string, string>()
  for (const { leaves } of others) {
    if (leaves === undefined) continue
    for (const [path, value] of differences(first.leaves, leaves)) {
      const isPageItself = probe.field.endsWith(' in a URL') && typeof value === 'string' && value.startsWith('https://')
      if (!isPageItself) found.set(path.replaceAll(/\[\d+\]/g, '[]'), typeOf(value))
    }
  }
  const stem = probe.field.replace(/[:(].*$/, '').replace('[]', '')
  const reasons = new Set(
    tried.flatMap(({ warnings }) => warnings.filter(({ field }) => field.startsWith(stem)).map(({ reason }) => reason)),
  )
  const parts = [
    ...[...found].map(([path, type]) => `\`${path}\` ${type}`),
    ...(found.size === 0 ? [...reasons].map((reason) => `left out: \`${reason}\``) : []),
    ...[...refusals].map((code) => `otherwise \`${code}\``),
  ]
  return parts.length === 0 ? '–' : parts.join('<br>')
}

/** What a test code changes in the request around the events. */
export function testCodeDestination(platform: Platform, credentials: unknown, variant: Variant): string {
  const account = {
    connectionId: 'docs' as never,
    settings: variant.settings,
    credentials,
    accessToken: 'token',
    baseUrl: 'https://platform.example',
    credentialsSavedAt: 0,
  }
  const bodyOf = (code: string | undefined): JsonObject => JSON.parse(platform.encodeRequest([], account, code).body ?? '{}') as JsonObject
  const found = differences(leavesOf(bodyOf(undefined)), leavesOf(bodyOf('TEST1')))
  return found.map(([path, value]) => `\`${path}\` ${typeOf(value)}, beside the events`).join('<br>')
}
