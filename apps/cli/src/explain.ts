import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import { PLATFORMS } from '@relay/platforms/registry'
import type { Command } from 'commander'
import { explainAnswer } from './explain-answer.ts'
import { MAX_EVENTS } from './explain-line.ts'
import { answerLines } from './ndjson-stream.ts'
import { PLATFORM_CHOICE, readInstant, readPlatform } from './options.ts'
import { loadSettings } from './preview-settings.ts'

/** The 4 MiB of a body that the worker reads, written as JSON text with every character escaped. */
const MAX_LINE_BYTES = 25 * 1024 * 1024

interface ExplainOptions {
  readonly platform: PlatformId
  readonly settings?: string
  readonly now?: EpochMs
}

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .description("What a platform's answer means for each event of its request: answers on standard input, one JSON object per line")
    .requiredOption('--platform <platform>', PLATFORM_CHOICE, readPlatform)
    .option('--settings <file>', 'JSON as for relay preview; matters for event_source and api')
    .option('--now <instant>', 'instant from which waits are counted; default the clock', readInstant(Date.now()))
    .addHelpText('after', HELP)
    .action(explain)
}

async function explain(options: ExplainOptions): Promise<void> {
  const platform = PLATFORMS[options.platform]
  const settings = await loadSettings(platform, options.settings)
  await answerLines({
    input: process.stdin,
    output: process.stdout,
    maxLineBytes: MAX_LINE_BYTES,
    answer: (line) => explainAnswer(line, { platform, settings }, options.now ?? Date.now()),
  })
}

const HELP = `
Each line in:
  {"status": 400, "headers"?: {…}, "body"?: text or JSON, "events"?: how many were sent, "api"?: "data_manager" or "ads"}
  {"status": null, "error": "timeout" or "network"}  where no answer came
Names of headers in any case; events 1 by default, ${MAX_EVENTS} at most; api is Google's, data_manager by default.

Each line out, in order and at once; blank lines give nothing:
  {"outcomes": [{"kind", "code", "platform_code"?, "message", "retry_after_ms"?}, …]}  one for each event
  {"error": {"code", "message"}}  where the line cannot be read: MALFORMED_BODY, PAYLOAD_TOO_LARGE
kind is delivered (code and message null), retry (uses up an attempt), hold (does not), reject or skip. retry_after_ms is how long a hold
waits by this answer; a retry waits by the platform's retry delays. Of a refused request, events that nothing names are
hold BATCH_REFUSED: the worker repairs the request. A credential is taken to be older than a day.

Example:
  echo '{"status":400,"body":{"error":{"code":190}},"events":2}' | relay explain --platform meta`
