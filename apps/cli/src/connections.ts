import { connectionSettings } from '@relay/core/connection'
import { type ConnectionId, PLATFORM_IDS, type PlatformId, type TenantId } from '@relay/core/ids'
import { type ConnectionInput, readConnectionFile } from '@relay/delivery/connection-draft'
import { addConnection, type Checked, type ProvisionRefusal, updateConnection } from '@relay/delivery/provision'
import { PLATFORMS } from '@relay/platforms/registry'
import { findConnection, listConnections } from '@relay/state/connections'
import type { Command } from 'commander'
import { askConnection } from './ask-connection.ts'
import { checkedOrThrow, knownOrThrow } from './connection-refusal.ts'
import { CONNECTION_COLUMNS, checkedJson, checkedLines, connectionJson, connectionLines } from './connection-rows.ts'
import { summaryOf } from './connection-form.ts'
import { addConnectionStatusCommands } from './connection-status.ts'
import { CliError, EXIT } from './exit.ts'
import { readJsonFile } from './json-file.ts'
import { namedTenant } from './named-tenant.ts'
import { PLATFORM_CHOICE, readPlatform } from './options.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'
import { hasTerminal, terminalQuestions } from './terminal.ts'

interface FileOptions extends CommonOptions {
  readonly file?: string
}

const ID = 'as relay connections list shows it'
const FILE = 'credentials and settings as JSON, - for standard input; without it, questions on the terminal'

export function addConnectionCommands(program: Command): void {
  const connections = program.command('connections').description("Connections: a tenant's credentials for one pixel, account or dataset")
  addSavingCommands(connections)
  addReadingCommands(connections)
  addConnectionStatusCommands(connections)
}

function addSavingCommands(connections: Command): void {
  connections
    .command('add')
    .description('Check credentials with a real call and save them sealed. Refused ones are not saved (exit 4)')
    .requiredOption('--tenant <id>', 'whose')
    .requiredOption('--platform <platform>', PLATFORM_CHOICE, readPlatform)
    .option('--file <path>', FILE)
    .option('--json', 'print {"connection_id", "status", "check", "why"}; of Google also "apis"')
    .addHelpText('after', ADD_HELP)
    .action((options: FileOptions & { tenant: string; platform: PlatformId }) => withSession(options, (session) => add(session, options)))

  connections
    .command('update')
    .description('New credentials for the same account, checked first. A connection in error becomes active')
    .argument('<id>', ID)
    .option('--file <path>', 'JSON {"credentials": {…}}, - for standard input; without it, questions on the terminal')
    .option('--replay', 'put back what was parked because the platform refused the old ones')
    .option('--json', 'print {"connection_id", "status", "check", "why", "replayed"}')
    .addHelpText('after', '\nExample:\n  relay connections update con_Zk3vB0t9QmXy2LpA --file new-token.json --replay')
    .action((id: ConnectionId, options: FileOptions & { replay?: true }) => withSession(options, (session) => update(session, id, options)))
}

function addReadingCommands(connections: Command): void {
  connections
    .command('list')
    .description('Connections by tenant, platform and name; never their secrets')
    .option('--tenant <id>', 'of one tenant')
    .option('--platform <platform>', 'of one platform', readPlatform)
    .option('--json', 'one JSON object per line')
    .addHelpText('after', '\nExample:\n  relay connections list --tenant acme')
    .action((options: CommonOptions & { tenant?: string; platform?: PlatformId }) =>
      withSession(options, (session) => list(session, options)),
    )

  connections
    .command('show')
    .description('One connection: status, what to do about it, settings')
    .argument('<id>', ID)
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  relay connections show con_Zk3vB0t9QmXy2LpA')
    .action((id: ConnectionId, options: CommonOptions) =>
      withSession(options, async ({ redis, printer }) => {
        const connection = knownOrThrow(id, await findConnection(redis, id))
        printer.object(connectionJson(connection), () => connectionLines(connection))
      }),
    )
}

async function add(session: Session, options: FileOptions & { readonly tenant: string; readonly platform: PlatformId }): Promise<void> {
  const tenant: TenantId = await namedTenant(session.redis, options.tenant)
  const tools = await session.provisionTools()
  const result = await fromFileOrTerminal(options, options.platform, { settings: true }, (input) =>
    addConnection(tools, tenant, options.platform, input),
  )
  const added = checkedOrThrow(result, { tenant })
  session.printer.object(checkedJson(added), () => checkedLines(added, 'added'))
}

async function update(session: Session, id: ConnectionId, options: FileOptions & { readonly replay?: true }): Promise<void> {
  const { platform } = knownOrThrow(id, await findConnection(session.redis, id))
  const tools = await session.provisionTools()
  const replay = options.replay === true
  const result = await fromFileOrTerminal(options, platform, { settings: false }, (input) =>
    updateConnection(tools, id, input.credentials, { replay }),
  )
  const updated = checkedOrThrow(result, { connection: id })
  session.printer.object({ ...checkedJson(updated), replayed: updated.replayed }, () => checkedLines(updated, 'updated'))
}

async function fromFileOrTerminal(
  options: FileOptions,
  platform: PlatformId,
  asked: { readonly settings: boolean },
  attempt: (input: ConnectionInput) => Promise<Checked | ProvisionRefusal>,
): Promise<Checked | ProvisionRefusal> {
  if (options.file !== undefined) {
    const read = readConnectionFile(await readJsonFile(options.file))
    return read.ok ? attempt(read.input) : { kind: 'malformed', faults: read.faults }
  }
  if (hasTerminal()) return askConnection(terminalQuestions, PLATFORMS[platform], attempt, asked)
  throw new CliError(EXIT.usage, 'USAGE', 'There is no terminal to ask for the credentials', {
    nextStep: 'Give them with --file PATH, or with --file - on standard input; never as an argument',
  })
}

async function list({ redis, printer }: Session, options: { readonly tenant?: string; readonly platform?: PlatformId }): Promise<void> {
  const tenant = options.tenant === undefined ? undefined : await namedTenant(redis, options.tenant)
  const all = await listConnections(redis, tenant)
  printer.list(
    all.filter((connection) => options.platform === undefined || connection.platform === options.platform),
    { json: connectionJson, columns: CONNECTION_COLUMNS, empty: 'No connection. Make one: relay connections add --tenant T --platform P' },
  )
}

const NAMES_A_LINE = 6

function settingLines(): string[] {
  const names = Object.keys(connectionSettings.shape)
  return Array.from({ length: Math.ceil(names.length / NAMES_A_LINE) }, (_, line) => {
    const own = names.slice(line * NAMES_A_LINE, (line + 1) * NAMES_A_LINE)
    return `  ${own.join(', ')}`
  })
}

const ADD_HELP = `
The file:
  {"name": "Shop DE", "credentials": {…}, "settings": {"pixel_id": "…"}}

Credentials:
${PLATFORM_IDS.map((id) => `  ${id.padEnd(10)}  ${summaryOf(PLATFORMS[id].credentials)}`).join('\n')}
Settings:
${settingLines().join('\n')}

Examples:
  relay connections add --tenant acme --platform meta
  relay connections add --tenant acme --platform meta --file meta.json --json
  pass show ads/meta | relay connections add --tenant acme --platform meta --file -`
