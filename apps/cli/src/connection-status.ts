import type { ConnectionId } from '@relay/core/ids'
import { disableConnection, enableConnection, endConnection, testConnection } from '@relay/delivery/provision'
import type { Command } from 'commander'
import { checkedOrThrow, knownOrThrow } from './connection-refusal.ts'
import { checkedJson, checkedLines } from './connection-rows.ts'
import { type CommonOptions, type Session, withSession } from './session.ts'

const ID = 'as relay connections list shows it'

/** test, enable, disable, remove. */
export function addConnectionStatusCommands(connections: Command): void {
  connections
    .command('test')
    .description('Check the saved credentials with a real call; changes nothing')
    .argument('<id>', ID)
    .option('--json', 'print {"connection_id", "status", "check", "why"}; of Google also "apis"')
    .addHelpText('after', '\nExample:\n  relay connections test con_Zk3vB0t9QmXy2LpA')
    .action((id: ConnectionId, options: CommonOptions) =>
      withSession(options, async (session) => {
        const result = checkedOrThrow(await testConnection(await session.provisionTools(), id), { connection: id })
        session.printer.object(checkedJson(result), () => checkedLines(result, 'tested'))
      }),
    )

  connections
    .command('enable')
    .description('Check, set active, and replay what was parked while it was disabled')
    .argument('<id>', ID)
    .option('--replay', 'also what was parked because the platform refused it')
    .option('--json', 'print {"connection_id", "status", "check", "why", "replayed"}')
    .addHelpText('after', '\nExample:\n  relay connections enable con_Zk3vB0t9QmXy2LpA --replay')
    .action((id: ConnectionId, options: CommonOptions & { replay?: true }) =>
      withSession(options, async (session) => {
        const tools = await session.provisionTools()
        const result = checkedOrThrow(await enableConnection(tools, id, { replay: options.replay === true }), { connection: id })
        session.printer.object({ ...checkedJson(result), replayed: result.replayed }, () => checkedLines(result, 'enabled'))
      }),
    )
  addEndingCommands(connections)
}

function addEndingCommands(connections: Command): void {
  connections
    .command('disable')
    .description('Send nothing more; what waits is parked as dead letters CONNECTION_DISABLED')
    .argument('<id>', ID)
    .option('--json', 'print {"connection_id", "status"}')
    .addHelpText('after', '\nExample:\n  relay connections disable con_Zk3vB0t9QmXy2LpA')
    .action((id: ConnectionId, options: CommonOptions) =>
      withSession(options, async (session) => {
        knownOrThrow(id, await disableConnection(auditTools(session), id))
        const said = `Connection ${id} is disabled. What waits for it is parked; enabling it replays that by itself.`
        session.printer.object({ connection_id: id, status: 'disabled' }, () => said)
      }),
    )

  connections
    .command('remove')
    .description('End a connection and forget its credentials. Its dead letters stay')
    .argument('<id>', ID)
    .option('--json', 'print {"connection_id", "removed"}')
    .addHelpText('after', '\nExample:\n  relay connections remove con_Zk3vB0t9QmXy2LpA')
    .action((id: ConnectionId, options: CommonOptions) =>
      withSession(options, async (session) => {
        knownOrThrow(id, await endConnection(auditTools(session), id))
        session.printer.object({ connection_id: id, removed: true }, () => `Connection ${id} is removed, its credentials too.`)
      }),
    )
}

const auditTools = ({ redis, actor }: Session) => ({ redis, actor, clock: Date.now })
