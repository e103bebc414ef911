import { appendAudit } from '@relay/state/audit'
import { createIngestKey, type IngestKey, KEY_SCOPES, type KeyScope, listIngestKeys, removeIngestKey } from '@relay/state/ingest-keys'
import { type Command, Option } from 'commander'
import { CliError, EXIT } from './exit.ts'
import { namedTenant } from './named-tenant.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

interface KeyOptions extends CommonOptions {
  readonly tenant: string
}

export function addKeyCommands(program: Command): void {
  const keys = program.command('keys').description('Ingest keys: what a producer sends as its bearer token')

  keys
    .command('add')
    .description('Make a key. It is shown once; only its SHA-256 is kept')
    .requiredOption('--tenant <id>', 'whose events it may send')
    .addOption(new Option('--scope <scope...>', 'what it may do').choices(KEY_SCOPES).default([...KEY_SCOPES]))
    .option('--json', 'print {"key", "key_id"}')
    .addHelpText('after', '\nExamples:\n  relay keys add --tenant acme\n  relay keys add --tenant acme --scope events:write --json')
    .action((options: KeyOptions & { scope: KeyScope[] }) => withSession(options, (session) => add(session, options)))

  keys
    .command('list')
    .description('The keys of a tenant, without the keys themselves')
    .requiredOption('--tenant <id>', 'whose')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  relay keys list --tenant acme')
    .action((options: KeyOptions) => withSession(options, (session) => list(session, options)))

  keys
    .command('remove')
    .description('End a key: the next request with it is answered 401')
    .argument('<key-id>', 'as relay keys list shows it')
    .requiredOption('--tenant <id>', 'whose')
    .option('--json', 'print {"key_id", "removed"}')
    .addHelpText('after', '\nExample:\n  relay keys remove k_4fJx0Xq2mZ1b --tenant acme')
    .action((keyId: string, options: KeyOptions) => withSession(options, (session) => remove(session, keyId, options)))
}

async function add({ redis, printer, actor }: Session, options: KeyOptions & { readonly scope: readonly KeyScope[] }): Promise<void> {
  const tenant = await namedTenant(redis, options.tenant)
  const now = Date.now()
  const { key, record } = await createIngestKey(redis, tenant, options.scope, now)
  await appendAudit(redis, tenant, {
    at: now,
    action: 'key.created',
    actor,
    details: { key_id: record.keyId, scopes: record.scopes.join(' ') },
  })
  printer.object(
    { key, key_id: record.keyId },
    () => `${key}\n\nThis key is shown once and can't be read again. Its id is ${record.keyId}.`,
  )
}

async function list({ redis, printer }: Session, options: KeyOptions): Promise<void> {
  const keys = await listIngestKeys(redis, await namedTenant(redis, options.tenant))
  printer.list(
    keys.toSorted((a, b) => a.createdAt - b.createdAt),
    {
      json: rowOf,
      columns: [
        { title: 'KEY ID', value: (key) => key.keyId },
        { title: 'SCOPES', value: (key) => key.scopes.join(' ') },
        { title: 'SINCE', value: (key) => new Date(key.createdAt).toISOString() },
      ],
      empty: `No key yet. Make one: relay keys add --tenant ${options.tenant}`,
    },
  )
}

async function remove({ redis, printer, actor }: Session, keyId: string, options: KeyOptions): Promise<void> {
  const tenant = await namedTenant(redis, options.tenant)
  if (!(await removeIngestKey(redis, tenant, keyId))) {
    throw new CliError(EXIT.notFound, 'UNKNOWN_KEY', `Tenant ${tenant} has no key ${keyId}`, {
      nextStep: `See its keys with relay keys list --tenant ${tenant}`,
      details: { key_id: keyId },
    })
  }
  await appendAudit(redis, tenant, { at: Date.now(), action: 'key.removed', actor, details: { key_id: keyId } })
  printer.object({ key_id: keyId, removed: true }, () => `Key ${keyId} is removed.`)
}

const rowOf = (key: IngestKey): object => ({
  key_id: key.keyId,
  tenant_id: key.tenantId,
  scopes: key.scopes,
  created_at: new Date(key.createdAt).toISOString(),
})
