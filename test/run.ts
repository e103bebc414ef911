import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tempFolder } from './support/temp-folder.ts'

// What `npm test` runs: every kind of test that needs nothing but this machine, one kind after the other, all of them whatever the first ones say.
// Kinds can be named as arguments. The last line is the sum.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const KINDS = ['unit', 'integration', 'e2e'] as const
const NOT_COVERED = 'Not covered here: containers, for which an engine is needed (npm run test:external), and speed (npm run bench).'

/** The part of vitest's JSON report that counts. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[]
}

interface Sum {
  readonly passed: number
  readonly failed: number
}

async function runKind(kind: string): Promise<Sum> {
  await using folder = await tempFolder('relay-test-report-')
  const reportFile = join(folder.path, 'report.json')
  const args = ['run', '--config', 'test/vitest.config.ts', '--project', kind, '--passWithNoTests', '--allowOnly=false']
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  process.stdout.write(`\n== ${kind}\n`)
  const child = spawn(process.execPath, [join(ROOT, 'node_modules/.bin/vitest'), ...args, ...reporters], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGTERM', forward)
  const [exitCode] = (await once(child, 'exit')) as [number | null]
  process.off('SIGTERM', forward)
  const report = await readFile(reportFile, 'utf8').then(
    (text) => JSON.parse(text) as Report,
    () => undefined,
  )
  return sumOf(report, exitCode)
}

/** A file that could not be loaded, a skipped test (it proves nothing) and a run that failed for any other reason count as failed too. */
function sumOf(report: Report | undefined, exitCode: number | null): Sum {
  const passed = report?.numPassedTests ?? 0
  const brokenFiles = (report?.testResults ?? []).filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((result) => result.status !== 'failed'),
  ).length
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0)
  if (skipped > 0) process.stdout.write(`${skipped} skipped, which counts as failed\n`)
  const failed = (report?.numFailedTests ?? 0) + brokenFiles + skipped
  return { passed, failed: failed === 0 && exitCode !== 0 ? 1 : failed }
}

async function runAll(kinds: readonly string[]): Promise<number> {
  let passed = 0
  let failed = 0
  for (const kind of kinds) {
    const sum = await runKind(kind)
    passed += sum.passed
    failed += sum.failed
  }
  process.stdout.write(`\n${NOT_COVERED}\n${passed} passed, ${failed} failed\n`)
  return failed === 0 && passed > 0 ? 0 : 1
}

const asked = process.argv.slice(2)
const unknown = asked.filter((kind) => !KINDS.some((known) => known === kind))
if (unknown.length > 0) {
  process.stderr.write(`There is no kind of test called ${unknown.join(', ')}: choose among ${KINDS.join(', ')}\n`)
  process.exitCode = 2
} else {
  // Ctrl-C reaches the tests by themselves; this waits for what they have to put away.
  process.on('SIGINT', () => {})
  process.exitCode = await runAll(asked.length > 0 ? asked : KINDS)
}
