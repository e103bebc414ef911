import type { TenantId } from '@relay/core/ids'
import { type AuditEntry, readAudit } from '@relay/state/audit'
import { listTenants } from '@relay/state/tenants'
import type { Command } from 'commander'
import { namedTenant } from './named-tenant.ts'
import { readCount } from './options.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

interface AuditOptions extends CommonOptions {
  readonly tenant?: string
  readonly limit: number
}

export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('Who did what: connection attempts, credential and key changes, replays, purges; the latest first')
    .option('--tenant <id>', 'of one tenant; default: of all')
    .option('--limit <n>', 'at most so many', readCount, 50)
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  relay audit --tenant acme --limit 200 --json')
    .action((options: AuditOptions) => withSession(options, (session) => audit(session, options)))
}

async function audit({ redis, printer }: Session, options: AuditOptions): Promise<void> {
  const tenants: readonly TenantId[] =
    options.tenant === undefined ? (await listTenants(redis)).map((tenant) => tenant.id) : [await namedTenant(redis, options.tenant)]
  const trails = await Promise.all(
    tenants.map(async (tenant) => (await readAudit(redis, tenant, options.limit)).map((entry) => ({ tenant, ...entry }))),
  )
  const newest = trails
    .flat()
    .toSorted((a, b) => b.at - a.at)
    .slice(0, options.limit)
  printer.list(newest, {
    json: ({ tenant, at, action, actor, details }) => ({ at: new Date(at).toISOString(), tenant_id: tenant, action, actor, details }),
    columns: [
      { title: 'AT', value: ({ at }) => new Date(at).toISOString() },
      { title: 'TENANT', value: ({ tenant }) => tenant },
      { title: 'ACTION', value: ({ action }) => action },
      { title: 'BY', value: ({ actor }) => actor },
      { title: 'DETAILS', value: ({ details }) => detailText(details) },
    ],
    empty: 'Nothing has been done yet.',
  })
}

const detailText = (details: AuditEntry['details']): string =>
  Object.entries(details)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
