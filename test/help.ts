import { readFile } from 'node:fs/promises'

// `npm run help`: the scripts of package.json in one line each. test/architecture holds that none is missing.

export const SCRIPTS: Readonly<Record<string, string>> = {
  demo: 'the whole product against the simulator with everything going wrong, and a table whose sums are checked',
  dev: 'everything on this machine with the simulator in place of the platforms, until Ctrl-C',
  cli: 'the command line: npm run cli -- dlq list --platform meta (the same as npx relay dlq list …)',
  check: 'what a commit needs: types, lint, format, unused code, unit tests, boundaries between packages',
  types: 'the type checker',
  lint: 'oxlint with types; warnings fail',
  format: 'oxfmt, changing nothing',
  unused: 'knip: files, exports and dependencies that nothing uses',
  unit: 'unit tests alone',
  test: 'unit, integration and end-to-end tests; npm test -- e2e runs one kind',
  'test:integration': 'integration tests alone, against a real Redis',
  'test:e2e': 'end-to-end tests alone: real processes against the simulator',
  'test:external': 'tests that need a container engine',
  bench: 'how fast, as ratios to a baseline of the same run; by hand, on an idle machine',
  fix: 'what lint and format can put right by themselves',
  'env-example': 'prints .env.example from the schema of the settings',
  'platform-docs': 'prints the README of each adapter from the adapter itself',
  fuzz: 'a million generated inputs for each parser and adapter; npm run fuzz -- 20000 makes fewer',
  help: 'this list',
}

if (import.meta.main) {
  const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
  const width = Math.max(...Object.keys(scripts).map((name) => name.length))
  for (const [name, text] of Object.entries(SCRIPTS)) process.stdout.write(`npm run ${name.padEnd(width)}  ${text}\n`)
}
