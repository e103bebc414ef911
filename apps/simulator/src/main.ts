import { parseArgs } from 'node:util'
import { createSimulator } from './server.ts'

const USAGE = 'usage: main.ts [--port N] [--host ADDRESS]   port 0 (default) is any free one; host defaults to 127.0.0.1\n'

/** Port and host of the command line; a text where it cannot be understood. */
function readArguments(args: readonly string[]): { readonly port: number; readonly host: string } | string {
  try {
    const { values } = parseArgs({ args: [...args], options: { port: { type: 'string' }, host: { type: 'string' } } })
    const port = values.port ?? '0'
    if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) return `--port is a number from 0 to 65535, not ${port}`
    return { port: Number(port), host: values.host ?? '127.0.0.1' }
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const wanted = readArguments(process.argv.slice(2))
if (typeof wanted === 'string') {
  process.stderr.write(`${wanted}\n${USAGE}`)
  process.exitCode = 2
} else {
  const simulator = createSimulator()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void simulator.close())
  try {
    process.stdout.write(`${JSON.stringify({ simulator: await simulator.listen(wanted.port, wanted.host) })}\n`)
  } catch (error) {
    process.stderr.write(
      `The simulator cannot listen on ${wanted.host}:${wanted.port}: ${error instanceof Error ? error.message : String(error)}\n`,
    )
    process.exitCode = 1
  }
}
