import { builtinModules } from 'node:module'
import { posix } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  importsOf,
  isTest,
  type Manifest,
  packageOf,
  readManifest,
  readPackages,
  type SourceFile,
  type SourcePackage,
} from '../support/source-tree.ts'

// Who may import whom: downwards only, and by name. Beside `turbo boundaries`, which sees that an import is declared and stays in its folder, and knip,
// which sees what is declared and not imported, this holds the declared edges against the list.

/** The levels, the lowest first; `apps` stand above all. */
const LEVELS: readonly (readonly string[])[] = [
  ['core', 'embedded-redis'],
  ['vault', 'observe', 'prepare'],
  ['config', 'state', 'platforms'],
  ['queue', 'fleet'],
  ['accept', 'delivery', 'producer'],
]
const EVERY_LIB = LEVELS.flat()

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  // Starts a server and knows nothing of what is kept in it.
  'embedded-redis': [],
  vault: ['core'],
  observe: ['core'],
  config: ['core', 'vault'],
  prepare: ['core'],
  state: ['core', 'vault'],
  platforms: ['core', 'prepare'],
  // The vault seals the body of a letter that nobody could read.
  queue: ['core', 'state', 'vault'],
  // What every process tells of the whole fleet.
  fleet: ['core', 'observe', 'platforms', 'state'],
  // Never config: functions get the two values that they use.
  accept: ['core', 'queue', 'state', 'vault', 'observe', 'platforms', 'prepare'],
  delivery: ['core', 'vault', 'observe', 'queue', 'state', 'prepare', 'platforms'],
  producer: ['core', 'queue'],
  ingest: EVERY_LIB.filter((lib) => lib !== 'embedded-redis' && lib !== 'delivery' && lib !== 'producer'),
  worker: EVERY_LIB.filter((lib) => lib !== 'embedded-redis' && lib !== 'accept' && lib !== 'producer'),
  cli: EVERY_LIB,
  // Written from the platforms' public pages, so that a misreading of ours is not in both.
  simulator: [],
}

const levelOf = (id: string): number => LEVELS.findIndex((level) => level.includes(id))

const builtin = new Set(builtinModules)
/** What tests and the suites in `testing` folders may import without declaring it: the root declares it for all. */
const FOR_TESTS = new Set(['vitest', 'fast-check'])
const isForTests = (file: SourceFile): boolean => isTest(file) || file.path.includes('/testing/')

let packages: readonly SourcePackage[]
let root: Manifest
beforeAll(async () => {
  packages = await readPackages()
  root = await readManifest('.')
})

const declared = ({ manifest }: SourcePackage): string[] => Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
const ours = (names: readonly string[]): string[] =>
  names.flatMap((name) => (name.startsWith('@relay/') ? [name.slice('@relay/'.length)] : [])).toSorted()
const sources = ({ files }: SourcePackage): readonly SourceFile[] => files.filter(({ path }) => path.endsWith('.ts'))
const isBare = (specifier: string): boolean => !specifier.startsWith('.') && !specifier.startsWith('node:')

describe('edges between packages', () => {
  test('every package is in the list, and the list names no other', () => {
    expect(packages.map(({ id }) => id).toSorted()).toEqual(Object.keys(ALLOWED).toSorted())
  })

  test('the list goes downwards only', () => {
    const upwards = EVERY_LIB.flatMap((from) =>
      (ALLOWED[from] ?? []).filter((to) => levelOf(to) >= levelOf(from)).map((to) => `${from} → ${to}`),
    )
    expect(upwards).toEqual([])
  })

  test('what is declared is allowed', () => {
    const forbidden = packages.flatMap((one) =>
      ours(declared(one))
        .filter((to) => !(ALLOWED[one.id] ?? []).includes(to))
        .map((to) => `${one.id} → ${to}`),
    )
    expect(forbidden).toEqual([])
  })

  test('what is imported is declared, and what is declared is imported', () => {
    const differences = packages.flatMap((one) => {
      const imported = new Set(
        sources(one).flatMap((file) =>
          importsOf(file)
            .filter(isBare)
            .map(packageOf)
            .filter((name) => !FOR_TESTS.has(name)),
        ),
      )
      const names = declared(one)
      return [
        ...[...imported].filter((name) => !names.includes(name)).map((name) => `${one.id} imports ${name} and does not declare it`),
        ...names.filter((name) => !imported.has(name)).map((name) => `${one.id} declares ${name} and does not import it`),
      ]
    })
    expect(differences).toEqual([])
  })

  test('vitest and fast-check are imported by tests alone', () => {
    const wrong = packages.flatMap((one) =>
      sources(one).filter((file) => !isForTests(file) && importsOf(file).some((specifier) => FOR_TESTS.has(packageOf(specifier)))),
    )
    expect(wrong.map(({ path }) => path)).toEqual([])
  })

  test('what runs in production imports no suite for tests', () => {
    const wrong = packages.flatMap((one) =>
      sources(one).filter((file) => !isForTests(file) && importsOf(file).some((specifier) => specifier.includes('/testing/'))),
    )
    // A platform's golden examples are for its test and its readers.
    expect(wrong.map(({ path }) => path).filter((path) => !path.endsWith('/examples.ts'))).toEqual([])
  })

  test('a path never leaves the package, names its file, and built-in modules say node:', () => {
    const wrong = packages.flatMap((one) =>
      sources(one).flatMap((file) =>
        importsOf(file)
          .filter((specifier) =>
            specifier.startsWith('.')
              ? !specifier.endsWith('.ts') || !posix.join(posix.dirname(file.path), specifier).startsWith(`${one.folder}/src/`)
              : builtin.has(specifier),
          )
          .map((specifier) => `${file.path}: ${specifier}`),
      ),
    )
    expect(wrong).toEqual([])
  })
})

describe('versions', () => {
  test('every version is pinned, and one package has one version everywhere', () => {
    const versions = new Map<string, Set<string>>()
    for (const { dependencies, devDependencies } of [root, ...packages.map(({ manifest }) => manifest)]) {
      for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
        versions.set(name, (versions.get(name) ?? new Set()).add(version))
      }
    }
    const loose = [...versions].filter(([, found]) => found.size > 1 || ![...found].every((version) => /^\d+\.\d+\.\d+$/.test(version)))
    expect(loose.map(([name, found]) => `${name}: ${[...found].join(', ')}`)).toEqual([])
  })
})
