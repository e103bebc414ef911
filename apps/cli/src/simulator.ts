import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Command, InvalidArgumentError } from 'commander'
import { CliError, type ExitCode, EXIT } from './exit.ts'
import { readConfig } from './session.ts'

export function addSimulatorCommand(program: Command): void {
  program
    .command('simulator')
    .description('The four platforms on one local port, to try an integration: validates, limits and deduplicates as they do')
    .option('--port <n>', 'default RELAY_SIMULATOR_PORT, 8090; 0 is any free one', readPort)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .addHelpText(
      'after',
      '\nExamples:\n  relay simulator\n  relay simulator --port 9000\nThen set RELAY_META_BASE_URL=http://127.0.0.1:9000/meta, and so on.',
    )
    .action(simulate)
}

/** In its own process, which ends with this one. */
async function simulate(options: { readonly port?: number; readonly host: string }): Promise<void> {
  const main = fileURLToPath(new URL('../../simulator/src/main.ts', import.meta.url))
  const port = options.port ?? readConfig().RELAY_SIMULATOR_PORT
  const child = spawn(process.execPath, [main, '--port', String(port), '--host', options.host], { stdio: 'inherit' })
  // At a terminal Ctrl-C reaches both; a signal sent to this process alone is passed on.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? EXIT.failed)))
  if (exitCode === EXIT.done) return
  const known: ExitCode = exitCode === EXIT.usage ? EXIT.usage : EXIT.failed
  throw new CliError(known, 'SIMULATOR', 'The simulator did not run', {
    nextStep: 'Its own lines above say why; --port chooses another port',
  })
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('It must be a port, 0 to 65535.')
}
