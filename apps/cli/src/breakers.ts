import { formatDurationMs } from '@relay/core/duration'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { lettersOfOutage } from '@relay/delivery/outage-letters'
import type { AuditAction } from '@relay/state/audit'
import { type BreakerChange, type BreakerView, closeBreaker, openBreaker, readBreaker, resetBreaker } from '@relay/state/circuit-breaker'
import { readHolds } from '@relay/state/holds'
import type { Command } from 'commander'
import { afterEnd, instant } from './hold-rows.ts'
import { noteHoldAction } from './operator-action.ts'
import { PLATFORM_CHOICE, readDuration, readPlatform } from './options.ts'
import type { Column } from './print.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

const CHANGE_JSON = 'print {"platform", "was", "state", "opened_by", "opened_at", "recovery_at", "failure_count", …}'
const END_JSON = `${CHANGE_JSON} with "buried_letters" and the commands that "replay" them`

export function addBreakerCommands(program: Command): void {
  const breakers = program
    .command('breakers')
    .description('The circuit breakers: one per platform, shared by all workers. Five failures in a row open it, three probes close it')

  breakers
    .command('list')
    .description('Per platform: closed, open (by whom, until when) or half-open, failures counted, probes out')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', LIST_HELP)
    .action((options: CommonOptions) => withSession(options, list))

  breakers
    .command('open')
    .description('Send nothing to a platform, until it is closed again or for a given time, after which it probes')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--for <duration>', 'such as 10m; without it, until relay breakers close', readDuration)
    .option('--json', CHANGE_JSON)
    .addHelpText('after', '\nExamples:\n  relay breakers open meta\n  relay breakers open meta --for 10m')
    .action((platform: PlatformId, options: CommonOptions & { for?: number }) =>
      withSession(options, (session) => open(session, platform, options.for)),
    )

  breakers
    .command('close')
    .description('Let a platform’s queue go at once, without probes, whoever opened its breaker')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--json', END_JSON)
    .addHelpText('after', '\nFive more failures in a row open it again.\n\nExample:\n  relay breakers close meta')
    .action((platform: PlatformId, options: CommonOptions) =>
      withSession(options, (session) => end(session, platform, 'breaker.closed', closeBreaker)),
    )

  breakers
    .command('reset')
    .description('Close it and forget the failures counted so far, also those of a closed one')
    .argument('<platform>', PLATFORM_CHOICE, readPlatform)
    .option('--json', END_JSON)
    .addHelpText('after', '\nExample:\n  relay breakers reset meta')
    .action((platform: PlatformId, options: CommonOptions) =>
      withSession(options, (session) => end(session, platform, 'breaker.reset', resetBreaker)),
    )
}

interface BreakerRow {
  readonly platform: PlatformId
  readonly breaker: BreakerView
}

async function list({ redis, printer }: Session): Promise<void> {
  const rows = await Promise.all(PLATFORM_IDS.map(async (platform) => ({ platform, breaker: await readBreaker(redis, platform) })))
  printer.list(rows, { json: breakerJson, columns: COLUMNS, empty: '' })
}

const breakerJson = ({ platform, breaker }: BreakerRow): object => ({
  platform,
  state: breaker.state,
  failure_count: breaker.failureCount,
  opened_by: breaker.openedBy ?? null,
  opened_at: breaker.openedAt === undefined ? null : instant(breaker.openedAt),
  recovery_at: breaker.recoveryAt === undefined ? null : instant(breaker.recoveryAt),
  probes_out: breaker.probesOut,
  probe_successes: breaker.probeSuccesses,
})

const STYLE = { closed: 'green', 'half-open': 'yellow', open: 'red' } as const

const COLUMNS: readonly Column<BreakerRow>[] = [
  { title: 'PLATFORM', value: ({ platform }) => platform },
  { title: 'STATE', value: ({ breaker }) => breaker.state, style: ({ breaker }) => STYLE[breaker.state] },
  { title: 'FAILURES', value: ({ breaker }) => breaker.failureCount, align: 'right' },
  { title: 'OPENED BY', value: ({ breaker }) => breaker.openedBy ?? '-' },
  { title: 'SINCE', value: ({ breaker }) => (breaker.openedAt === undefined ? '-' : instant(breaker.openedAt)) },
  { title: 'RECOVERY', value: ({ breaker }) => recoveryText(breaker) },
]

function recoveryText({ state, recoveryAt, probesOut, probeSuccesses }: BreakerView): string {
  switch (state) {
    case 'closed':
      return '-'
    case 'open':
      return recoveryAt === undefined ? 'when it is closed' : `probes from ${instant(recoveryAt)}`
    case 'half-open':
      return `${probesOut} probes out, ${probeSuccesses} of 3 succeeded`
  }
}

async function open(session: Session, platform: PlatformId, forMs: number | undefined): Promise<void> {
  const change = await openBreaker(session.redis, platform, forMs)
  const details = { was: change.before.state, for: forMs === undefined ? 'until closed' : formatDurationMs(forMs) }
  await noteHoldAction(session, platform, 'breaker.opened', details)
  session.printer.object(changeJson(platform, change), () =>
    [
      `The breaker of ${platform} is open (it was ${change.before.state}): nothing is sent, no attempt is used.`,
      change.after.recoveryAt === undefined
        ? `It stays open until: relay breakers close ${platform}`
        : `It probes from ${instant(change.after.recoveryAt)} on; to end it before: relay breakers close ${platform}`,
    ].join('\n'),
  )
}

async function end(
  session: Session,
  platform: PlatformId,
  action: AuditAction,
  act: (redis: Session['redis'], platform: PlatformId) => Promise<BreakerChange>,
): Promise<void> {
  const change = await act(session.redis, platform)
  await noteHoldAction(session, platform, action, { was: change.before.state, failures: change.before.failureCount })
  const holds = await readHolds(session.redis, platform)
  const { openedAt } = change.before
  const buried = openedAt === undefined ? undefined : await lettersOfOutage(session.redis, platform, openedAt)
  const letters = { buried_letters: buried?.letters ?? 0, replay: buried?.replay ?? [] }
  session.printer.object({ ...changeJson(platform, change), ...letters }, () =>
    [
      `The breaker of ${platform} ${change.changed ? `is closed (it was ${change.before.state})` : 'was closed already'}.`,
      afterEnd(platform, holds),
      ...(letters.replay.length === 0
        ? []
        : [`Letters that the outage buried: ${letters.buried_letters}. To replay them:`, ...letters.replay]),
    ].join('\n'),
  )
}

const changeJson = (platform: PlatformId, { before, after }: BreakerChange): object => ({
  was: before.state,
  ...breakerJson({ platform, breaker: after }),
})

const LIST_HELP = `
Opened by platform: five consecutive failures; it probes when its rest is over. Opened by operator: relay breakers open; without --for it
stays open until relay breakers close. While it is open nothing is sent and no attempt is used.

Examples:
  relay breakers list
  relay breakers list --json | jq 'select(.state != "closed")'`
