import type { EpochMs } from '@relay/core/clock'
import { WARNING_REASONS } from '@relay/core/event'
import type { ConnectionId, PlatformId } from '@relay/core/ids'
import { endpointsOf } from '@relay/delivery/endpoints'
import { PLATFORMS } from '@relay/platforms/registry'
import type { Command } from 'commander'
import { answerLines } from './ndjson-stream.ts'
import { PLATFORM_CHOICE, readInstant, readPlatform } from './options.ts'
import { previewEvent } from './preview-event.ts'
import { loadSettings, PLACEHOLDER } from './preview-settings.ts'
import { redactedAccount } from './redacted-request.ts'

/** As much as a request to the ingest may have: an event of 64 KiB may be written with many blanks. */
const MAX_LINE_BYTES = 5 * 1024 * 1024

interface PreviewOptions {
  readonly platform: PlatformId
  readonly settings?: string
  readonly request?: true
  readonly now?: EpochMs
}

export function addPreviewCommand(program: Command): void {
  program
    .command('preview')
    .description('What a platform would get: events on standard input, one JSON object per line, answered line by line. Sends nothing')
    .requiredOption('--platform <platform>', PLATFORM_CHOICE, readPlatform)
    .option('--settings <file>', "JSON of a connection's settings; ids that it does not name become placeholders")
    .option('--request', 'with the whole HTTP request, secrets as ***')
    .option('--now <instant>', 'instant by which windows are judged, and the time of receipt; default the clock', readInstant(Date.now()))
    .addHelpText('after', HELP)
    .action(preview)
}

async function preview(options: PreviewOptions): Promise<void> {
  const platform = PLATFORMS[options.platform]
  const settings = await loadSettings(platform, options.settings)
  const connection = { id: 'con_preview' as ConnectionId, settings, credentialsSavedAt: 0 }
  const account = options.request === true ? redactedAccount(platform, connection, endpointsOf(platform, {})) : undefined
  await answerLines({
    input: process.stdin,
    output: process.stdout,
    maxLineBytes: MAX_LINE_BYTES,
    answer: (line) => previewEvent(line, { platform, settings, account }, options.now ?? Date.now()),
  })
}

/** Lines of a list, no wider than a terminal. */
function wrapped(words: readonly string[], indent: string, width = 100): string {
  const lines = ['']
  for (const word of words) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push('')
    lines[lines.length - 1] += ` ${word}`
  }
  return lines.map((line) => `${indent}${line.trim()}`).join('\n')
}

const HELP = `
Per event one line, in order and at once; blank lines give nothing:
  {"platform", "event": {…} or null, "refused": null or {"code", "message", "path"?}, "warnings": [{"field", "reason"}]}
With --request also "request": {"method", "url", "headers", "body"} or null, with this event alone in it; body is JSON.

"refused" says why nothing would be sent: the code that the event would be refused, skipped or buried with. A line that is not
JSON is INVALID_EVENT with path "", one over ${MAX_LINE_BYTES / 1024 / 1024} MiB PAYLOAD_TOO_LARGE. Refused lines do not change exit 0.

"reason" is one of:
${wrapped(WARNING_REASONS, '  ')}

Settings: pixel_id, event_source_id, event_source (web, app, offline, crm), api (data_manager, ads),
  conversion_actions {event_name or *: id}, operating_account, login_account, default_country,
  event_names {name: platform name}, unmapped (generic, original, drop), hash_external_id, require_consent,
  test_event_code, and the others of relay connections add.
Placeholders: pixel_id ${PLACEHOLDER.pixel_id}, event_source_id ${PLACEHOLDER.event_source_id}, operating_account ${PLACEHOLDER.account},
  conversion_actions ${PLACEHOLDER.conversionAction} for every canonical event name and none for custom ones (EVENT_UNMAPPED).

Needs no Redis and no configuration; requests are shown as they go to the real platform. "destinations" is looked at only where it
names platforms: an event for others alone is NO_DESTINATION.

Examples:
  relay preview --platform meta < events.ndjson
  echo '{"event_name":"Purchase","user_data":{"email":"a@example.com"},"custom_data":{"value":9.9,"currency":"EUR"}}' \\
    | relay preview --platform google --request`
