import type { EpochMs } from '@relay/core/clock'
import type { PlatformId } from '@relay/core/ids'
import type { Letter, LetterState } from '@relay/queue/letter'

/** Why a selected letter is not moved: a closed list. */
export type SkipReason = 'deadline' | 'ambiguous' | 'connection_error' | 'replayed_twice' | 'delivered' | 'not_dead' | 'consent'
export type SkipCounts = { readonly [R in SkipReason]?: number }

/** What a plan needs to know of a letter: a hundred thousand of them fit into memory. */
export interface Candidate {
  readonly platform: PlatformId
  readonly id: string
  readonly tenantId: string
  readonly connectionId: string
  readonly code: string
  readonly deadlineAt: EpochMs
  readonly isAmbiguous: boolean
  readonly replayCount: number
  readonly state: LetterState
}

export interface PlanRules {
  readonly includeAmbiguous: boolean
  readonly force: boolean
  readonly again: boolean
}

interface PlanGroup {
  readonly platform: PlatformId
  readonly code: string
  readonly connection_id: string
  readonly selected: number
  readonly to_replay: number
}

type GrowingGroup = { -readonly [K in keyof PlanGroup]: PlanGroup[K] }

/** A frozen selection: letters that die later are not in it. `move` and `skipped` together are all that was selected. */
export interface ReplayPlan {
  readonly selected: number
  readonly move: readonly Candidate[]
  readonly skipped: SkipCounts
  /** By platform, code and connection, the largest first. */
  readonly groups: readonly PlanGroup[]
}

/** From this many replays on a letter is left out: what failed twice fails again until its cause is cured. */
const REPLAYS_BEFORE_ASKING = 2

export const candidateOf = (platform: PlatformId, letter: Letter): Candidate => ({
  platform,
  id: letter.id,
  tenantId: letter.tenant_id,
  connectionId: letter.connection_id,
  code: letter.code,
  deadlineAt: Date.parse(letter.deadline_at),
  isAmbiguous: letter.ambiguous,
  replayCount: letter.replay_count,
  state: letter.state,
})

/** Pure. `isSendable`: is the connection there and active, so that it can take anything at all? */
export function planReplay(
  candidates: readonly Candidate[],
  isSendable: (connectionId: string) => boolean,
  rules: PlanRules,
  now: EpochMs,
): ReplayPlan {
  const move: Candidate[] = []
  const skipped: { [R in SkipReason]?: number } = {}
  const groups = new Map<string, GrowingGroup>()
  for (const candidate of candidates) {
    const group = groupOf(groups, candidate)
    group.selected += 1
    const reason = reasonToSkip(candidate, isSendable, rules, now)
    if (reason === undefined) {
      move.push(candidate)
      group.to_replay += 1
    } else skipped[reason] = (skipped[reason] ?? 0) + 1
  }
  return { selected: candidates.length, move, skipped, groups: [...groups.values()].toSorted((a, b) => b.selected - a.selected) }
}

/** The first reason counts: what can never be sent comes before what a person may overrule. */
function reasonToSkip(
  candidate: Candidate,
  isSendable: (connectionId: string) => boolean,
  rules: PlanRules,
  now: EpochMs,
): SkipReason | undefined {
  if (candidate.state === 'delivered') return 'delivered'
  if (candidate.state !== 'dead') return 'not_dead'
  if (candidate.deadlineAt <= now) return 'deadline'
  if (candidate.isAmbiguous && !rules.includeAmbiguous) return 'ambiguous'
  if (!rules.force && !isSendable(candidate.connectionId)) return 'connection_error'
  if (!rules.again && candidate.replayCount >= REPLAYS_BEFORE_ASKING) return 'replayed_twice'
  return undefined
}

function groupOf(groups: Map<string, GrowingGroup>, { platform, code, connectionId }: Candidate): GrowingGroup {
  const key = `${platform}\0${code}\0${connectionId}`
  const group = groups.get(key) ?? { platform, code, connection_id: connectionId, selected: 0, to_replay: 0 }
  groups.set(key, group)
  return group
}

/** The plan as `--dry-run --json` prints it. */
export const planJson = (plan: ReplayPlan): object => ({
  selected: plan.selected,
  to_replay: plan.move.length,
  skipped: plan.skipped,
  groups: plan.groups,
})
