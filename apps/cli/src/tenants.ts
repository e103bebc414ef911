import { createTenant, isTenantId, listTenants, type Tenant } from '@relay/state/tenants'
import { appendAudit } from '@relay/state/audit'
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

export function addTenantCommands(program: Command): void {
  const tenants = program.command('tenants').description('Tenants: who owns keys and connections')

  tenants
    .command('add')
    .description('Make a tenant')
    .argument('<id>', 'letters, digits, - and _, at most 64')
    .option('--name <text>', 'how people call it; default: the id')
    .option('--default-country <code>', 'ISO country of phone numbers without a country code, such as DE', readCountry)
    .option('--json', 'print {"tenant_id"}')
    .addHelpText('after', '\nExample:\n  relay tenants add acme --name "Acme Shops" --default-country DE')
    .action((id: string, options: CommonOptions & { name?: string; defaultCountry?: string }) =>
      withSession(options, (session) => add(session, id, options)),
    )

  tenants
    .command('list')
    .description('All tenants, by id')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  relay tenants list --json')
    .action((options: CommonOptions) =>
      withSession(options, async ({ redis, printer }) => {
        printer.list(await listTenants(redis), {
          json: rowOf,
          columns: [
            { title: 'TENANT', value: (tenant) => tenant.id },
            { title: 'NAME', value: (tenant) => tenant.name },
            { title: 'COUNTRY', value: (tenant) => tenant.defaultCountry ?? '-' },
            { title: 'SINCE', value: (tenant) => new Date(tenant.createdAt).toISOString() },
          ],
          empty: 'No tenant yet. Make one: relay tenants add ID',
        })
      }),
    )
}

async function add(
  { redis, printer, actor }: Session,
  id: string,
  options: { readonly name?: string; readonly defaultCountry?: string },
): Promise<void> {
  if (!isTenantId(id)) {
    throw new CliError(EXIT.usage, 'USAGE', 'A tenant id is 1 to 64 letters, digits, - and _, and starts with a letter or digit', {
      nextStep: 'Choose another id, and give the readable name with --name',
    })
  }
  const now = Date.now()
  const country = options.defaultCountry === undefined ? {} : { defaultCountry: options.defaultCountry }
  const isNew = await createTenant(redis, { id, name: options.name ?? id, createdAt: now, ...country })
  if (!isNew) {
    throw new CliError(EXIT.refused, 'TENANT_EXISTS', `There is a tenant ${id} already`, {
      nextStep: 'Use it, or choose another id; relay tenants list shows all',
      details: { tenant_id: id },
    })
  }
  await appendAudit(redis, id, { at: now, action: 'tenant.created', actor, details: { tenant_id: id } })
  printer.object({ tenant_id: id }, () => `Tenant ${id} made. Next: relay keys add --tenant ${id}`)
}

const rowOf = (tenant: Tenant): object => ({
  tenant_id: tenant.id,
  name: tenant.name,
  default_country: tenant.defaultCountry ?? null,
  created_at: new Date(tenant.createdAt).toISOString(),
})

function readCountry(text: string): string {
  if (/^[A-Za-z]{2}$/.test(text)) return text.toUpperCase()
  throw new InvalidArgumentError('It must be a country code of two letters, such as DE.')
}
