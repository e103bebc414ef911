import type { TenantId } from '@relay/core/ids'
import { type AuditEntry, readAudit, readFleetAudit } from '@relay/state/audit'
import { listTenants } from '@relay/state/tenants'
import type { Command } from 'commander'
import { namedTenant } from './named-tenant.ts'
import { auditDeliveries } from './audit-deliveries.ts'
import { readCount } from './options.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

interface AuditOptions extends CommonOptions {
  readonly tenant?: string
  readonly limit: number
  readonly deliveries?: true
}

export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description(
      'Who did what: connection attempts, credential and key changes, replays, purges, limits, breakers, maintenance, pauses; the latest first',
    )
    .option('--tenant <id>', 'of one tenant; default: of all, and what operators did to the fleet')
    .option('--limit <n>', 'at most so many', readCount, 50)
    .option('--deliveries', 'what became of deliveries instead, from the delivery records of this machine')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExamples:\n  relay audit --tenant acme --limit 200 --json\n  relay audit --deliveries --tenant acme')
    .action((options: AuditOptions) =>
      withSession(options, (session) => (options.deliveries === true ? auditDeliveries(session, options) : audit(session, options))),
    )
}

async function audit({ redis, printer }: Session, options: AuditOptions): Promise<void> {
  const trails =
    options.tenant === undefined
      ? await wholeTrail(redis, options.limit)
      : [await trailOf(redis, await namedTenant(redis, options.tenant), options.limit)]
  const newest = trails
    .flat()
    .toSorted((a, b) => b.at - a.at)
    .slice(0, options.limit)
  printer.list(newest, {
    json: ({ tenant, at, action, actor, details }) => ({
      at: new Date(at).toISOString(),
      tenant_id: tenant ?? null,
      action,
      actor,
      details,
    }),
    columns: [
      { title: 'AT', value: ({ at }) => new Date(at).toISOString() },
      { title: 'TENANT', value: ({ tenant }) => tenant ?? '-' },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'BY', value: ({ actor }) => actor },
      { title: 'DETAILS', value: ({ details }) => detailText(details) },
    ],
    empty: 'Nothing has been done yet.',
  })
}

interface TrailEntry extends AuditEntry {
  /** Absent for what belongs to no tenant. */
  readonly tenant?: TenantId
}

const trailOf = async (redis: Session['redis'], tenant: TenantId, limit: number): Promise<TrailEntry[]> =>
  (await readAudit(redis, tenant, limit)).map((entry) => ({ tenant, ...entry }))

/** Of all tenants and of the fleet. */
async function wholeTrail(redis: Session['redis'], limit: number): Promise<TrailEntry[][]> {
  const tenants = await listTenants(redis)
  return Promise.all([readFleetAudit(redis, limit), ...tenants.map(({ id }) => trailOf(redis, id, limit))])
}

const detailText = (details: AuditEntry['details']): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
