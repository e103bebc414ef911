import { Command } from 'commander'
import { addAuditCommand } from './audit.ts'
import { addBreakerCommands } from './breakers.ts'
import { addConnectionCommands } from './connections.ts'
import { addDemoCommand } from './demo/demo.ts'
import { addDlqCommands } from './dlq.ts'
import { addExplainCommand } from './explain.ts'
import { addKeyCommands } from './keys.ts'
import { addLimitCommands } from './limits.ts'
import { addMaintenanceCommands } from './maintenance.ts'
import { addPreviewCommand } from './preview.ts'
import { addQueueCommands } from './queues.ts'
import { addSimulatorCommand } from './simulator.ts'
import { addStatusCommand } from './status.ts'
import { addTenantCommands } from './tenants.ts'
import { addTraceCommand } from './trace.ts'
import { addUpCommand } from './up.ts'

/** The whole command line. Throws CommanderError for wrong usage and help, CliError for what a command ends with. */
export function createProgram(): Command {
  const program = new Command('relay')
    .description('Delivers conversion events to ad platforms: nothing lost, nothing sent twice, every failure replayable')
    .version('0.1.0')
    .exitOverride()
    // The error is shown by main, with its next step.
    .configureOutput({ outputError: () => {} })
    .addHelpText('after', HELP)
  addUpCommand(program)
  addDemoCommand(program)
  addSimulatorCommand(program)
  addTenantCommands(program)
  addKeyCommands(program)
  addConnectionCommands(program)
  addDlqCommands(program)
  addQueueCommands(program)
  addLimitCommands(program)
  addBreakerCommands(program)
  addMaintenanceCommands(program)
  addStatusCommand(program)
  addTraceCommand(program)
  addPreviewCommand(program)
  addExplainCommand(program)
  addAuditCommand(program)
  return program
}

const HELP = `
Redis is RELAY_REDIS_URL, else the one of the "relay up" that runs in this folder. Secrets are read from a prompt, a file or standard
input, never from an argument. --json prints one JSON object, or one per line for lists.

Exit: 0 done, 1 failed, 2 wrong usage or configuration, 3 no such thing or nothing selected, 4 refused by a check.

Examples:
  relay up --with-simulator
  relay status
  relay dlq replay --platform meta --since 2h`
