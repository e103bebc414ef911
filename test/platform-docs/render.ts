import { connectionSettings } from '@relay/core/connection'
import { formatDurationMs } from '@relay/core/duration'
import { CANONICAL_EVENT_NAMES } from '@relay/core/event-name'
import type { ConversionEvent } from '@relay/core/event'
import { DEADLINE_MARGIN_MS, PLATFORM_DEFAULTS } from '@relay/core/platform-defaults'
import type { Sourced } from '@relay/platforms/contract'
import { NOW, preparedFor } from '@relay/platforms/testing/events'
import type { Example } from '@relay/platforms/testing/fixtures'
import { renderCodes, renderPlainAnswers } from './codes.ts'
import type { PlatformDocument } from './document.ts'
import { destinationOf, testCodeDestination } from './fields.ts'
import { jsonBlock, markdownTable } from './markdown.ts'
import { PROBES, sampleEvent } from './sample-event.ts'

/** The whole README of an adapter. Pure. */
export function renderPlatformReadme(document: PlatformDocument): string {
  const { platform, about } = document
  return `${[
    `# ${PLATFORM_DEFAULTS[platform.id].name}`,
    '<!-- Printed from the code: npm run platform-docs. Do not edit. -->',
    about,
    renderFacts(document),
    renderConnection(document),
    renderFields(document),
    renderNames(document),
    renderWindows(document),
    '## Codes',
    'What an answer means for each event, tried on the adapter row by row. "Letter" is a dead letter, which can be replayed; "connection in error" parks ' +
      `what else waits for that connection. Pages as of ${platform.api.version.read}.`,
    ...document.codes.map(renderCodes),
    renderPlainAnswers(document),
    renderUnconfirmed(document),
    renderExamples(document),
  ].join('\n\n')}\n`
}

const fact = (what: string, value: string, { page, read }: Pick<Sourced<unknown>, 'page' | 'read'>): string[] => [what, value, page, read]

function renderFacts({ platform: { id, api } }: PlatformDocument): string {
  const own = { page: '', read: '' }
  const perWindow = api.requestLimits?.perWindow
  const perDay = api.requestLimits?.perDay
  const window = api.deduplicationWindowMs === null ? 'for ever' : formatDurationMs(api.deduplicationWindowMs)
  const rows = [
    fact('API version', api.version.value, api.version),
    fact('it ends', api.sunset ?? 'not announced', api.version),
    ...(api.others ?? []).flatMap(({ name, version, sunset }) => [
      fact(`${name}: version`, version.value, version),
      fact(`${name}: it ends`, sunset ?? 'not announced', version),
    ]),
    fact('events a request', String(api.maxEventsPerRequest.value), api.maxEventsPerRequest),
    fact('bytes a request, our own cap', String(api.maxBodyBytes), own),
    ...(perWindow === undefined
      ? []
      : [fact('requests of one application', `${perWindow.value.requests} in ${formatDurationMs(perWindow.value.windowMs)}`, perWindow)]),
    ...(perDay === undefined ? [] : [fact('requests of one application in a day', String(perDay.value), perDay)]),
    fact('events a minute, whole fleet, our default', String(PLATFORM_DEFAULTS[id].eventsPerMinute), own),
    fact('retries after, our default', PLATFORM_DEFAULTS[id].retryDelaysMs.map(formatDurationMs).join(', '), own),
    fact('a repeat is recognised', window, own),
  ]
  return `## Limits\n\n${markdownTable(['what', 'value', 'page', 'read'], rows)}`
}

/** Required settings are those that the platform's schema misses in an empty object. */
function renderConnection({ platform }: PlatformDocument): string {
  const described = platform.credentials.toJSONSchema({ io: 'input', unrepresentable: 'any' })
  const required = described.required ?? []
  const credentials = Object.entries(described.properties ?? {}).map(([name, property]) => [
    `\`${name}\``,
    required.includes(name) ? 'yes' : 'no',
    typeof property === 'object' ? (property.description ?? '') : '',
  ])
  const missing = platform.settings.safeParse({}).error?.issues ?? []
  const settings = missing.map((issue) => [`\`${issue.path.join('.')}\``, 'yes', issue.message])
  const own = Object.entries(connectionSettings.shape).flatMap(([name, schema]) =>
    new RegExp(`\\b${PLATFORM_DEFAULTS[platform.id].name}\\b`).test(schema.description ?? '') &&
    !missing.some((issue) => issue.path[0] === name)
      ? [[`\`${name}\``, 'no', schema.description ?? '']]
      : [],
  )
  const words = described.description === undefined ? '' : `${described.description}\n\n`
  return [
    `## Connection\n\n${words}${markdownTable(['credential', 'always', 'what'], credentials)}`,
    markdownTable(['setting', 'always', 'what'], [...settings, ...own]),
  ].join('\n\n')
}

function renderFields({ platform, variants }: PlatformDocument): string {
  const rows = PROBES.map((probe) => [`\`${probe.field}\``, ...variants.map((variant) => destinationOf(platform, variant, probe))])
  const credentials = new Proxy({}, { get: () => 'secret' })
  const test = ['`test_event_code`', ...variants.map((variant) => testCodeDestination(platform, credentials, variant))]
  return (
    '## Fields in, fields out\n\n' +
    'Each cell was found by sending the same event twice with another value in that field, and comparing the bodies. `[]` is a list; – is not sent; ' +
    '"otherwise" is what becomes of an event with another value.\n\n' +
    markdownTable(['field', ...variants.map(({ title }) => title)], [...rows, test])
  )
}

function renderNames({ platform, variants }: PlatformDocument): string {
  const nameOf = (name: string, settings: PlatformDocument['settings']): string => {
    const mapped = platform.mapEvent(name, settings)
    return mapped.kind === 'name'
      ? `\`${mapped.name}\`${mapped.unmapped ? ', counted as unmapped' : ''}`
      : `skipped: \`${mapped.refusal.error.code}\``
  }
  const rows = CANONICAL_EVENT_NAMES.map((name) => [`\`${name}\``, ...variants.map(({ settings }) => nameOf(name, settings))])
  const custom = [undefined, 'original', 'generic', 'drop'] as const
  const customs = custom.map((unmapped) => [
    unmapped === undefined ? '`Quiz Finished` (any other name)' : `the same, \`unmapped: ${unmapped}\``,
    ...variants.map(({ settings }) => nameOf('Quiz Finished', unmapped === undefined ? settings : { ...settings, unmapped })),
  ])
  return `## Event names\n\n${markdownTable(['name', ...variants.map(({ title }) => title)], [...rows, ...customs])}`
}

const DAY_MS = 86_400_000

function renderWindows({ platform, variants, windows }: PlatformDocument): string {
  const until = (event: Partial<ConversionEvent>, settings: PlatformDocument['settings']): string => {
    const { event: prepared } = preparedFor(platform, sampleEvent(event), settings)
    return `${(platform.acceptsUntil(prepared, settings) - NOW) / DAY_MS} days`
  }
  const tried = variants.map(({ title, settings, event }) => [title, until(event, settings)])
  const facts = windows.map(({ of, days }) => [of, `${days.value} days`, days.page, days.read])
  return (
    '## Windows\n\n' +
    `How old an event may be when it arrives. It is not sent in the last ${formatDurationMs(DEADLINE_MARGIN_MS)} before, and is a letter ` +
    '`EVENT_TOO_OLD` afterwards.\n\n' +
    `${markdownTable(['kind', 'taken for', 'page', 'read'], facts)}\n\n${markdownTable(['as tried', 'taken for'], tried)}`
  )
}

function renderUnconfirmed({ unconfirmed }: PlatformDocument): string {
  const rows = unconfirmed.map(({ question, handling, setting, page }) => [
    question,
    handling,
    setting === undefined ? '' : `\`${setting}\``,
    page,
  ])
  return `## Unconfirmed\n\nWhat the sources leave open, and the safe default.\n\n${markdownTable(['question', 'what is done', 'setting', 'page'], rows)}`
}

function renderExamples({ examples }: PlatformDocument): string {
  const parts = examples.flatMap((set) => set.examples.map((example) => renderExample(example, set.settings)))
  return `## Examples\n\nThe golden pairs that the tests hold the adapter to: an event, and the entry of the request that comes of it.\n\n${parts.join('\n\n')}`
}

/** What `conversionEvent` fills in and what is empty is left out. */
function renderExample({ name, page, event, settings, body, refused, warnings = [] }: Example, own: PlatformDocument['settings']): string {
  const given = Object.fromEntries(
    Object.entries(event).filter(([, value]) => typeof value !== 'object' || Object.keys(value as object).length > 0),
  )
  const { custom_data: { extra, ...custom } = {}, ...rest } = given as Partial<ConversionEvent>
  const asSent = { ...rest, ...(Object.keys({ ...custom, ...extra }).length === 0 ? {} : { custom_data: { ...custom, ...extra } }) }
  const outcome = body === null ? `Not sent: \`${refused}\`.` : jsonBlock(body)
  const said = warnings.length === 0 ? '' : `\n\nWarnings: ${warnings.map(({ field, reason }) => `\`${field}\` ${reason}`).join(', ')}.`
  return `### ${name}\n\n${page}\n\nSettings \`${JSON.stringify(settings ?? own)}\`\n\n${jsonBlock(asSent)}\n\n${outcome}${said}`
}
