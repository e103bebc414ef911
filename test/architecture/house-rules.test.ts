import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { SCRIPTS } from '../help.ts'
import { isTest, readFiles, readPackages, ROOT, type SourceFile } from '../support/source-tree.ts'

// Rules of the house that no linter holds.

const MAX_LINES = 250
const NO_SUBJECT = /(?:^|-)(?:util|utils|helper|helpers|common|types|manager|service)(?:-|\.|$)/

let product: readonly SourceFile[]
let tests: readonly SourceFile[]
beforeAll(async () => {
  product = (await readPackages()).flatMap(({ files }) => files)
  tests = await readFiles('test')
})

const paths = (files: readonly SourceFile[]): string[] => files.map(({ path }) => path)
const typescript = (files: readonly SourceFile[]): readonly SourceFile[] => files.filter(({ path }) => path.endsWith('.ts'))

test('the environment is read in libs/config alone', () => {
  const readers = typescript(product).filter(
    ({ path, text }) => !path.startsWith('libs/config/') && /\bprocess\s*\.\s*env\b|node:process/.test(text),
  )
  expect(paths(readers.filter((file) => !isTest(file)))).toEqual([])
})

test('a file has one subject: at most 250 lines', () => {
  const long = typescript(product).filter((file) => !isTest(file) && file.text.split('\n').length - 1 > MAX_LINES)
  expect(paths(long)).toEqual([])
})

test('a file is named after its subject, in kebab-case', () => {
  const named = [...product, ...tests].filter(({ path }) => basename(path) !== 'README.md')
  const odd = named.filter(({ path }) => {
    const name = basename(path)
    return !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.(?:test|d|config))?\.(?:ts|lua|json|ndjson)$/.test(name) || NO_SUBJECT.test(name)
  })
  expect(paths(odd)).toEqual([])
})

test('no index gathers a folder, but the one object of a platform', () => {
  const indexes = paths(product).filter((path) => basename(path) === 'index.ts')
  expect(indexes.filter((path) => !/^libs\/platforms\/src\/[a-z]+\/index\.ts$/.test(path))).toEqual([])
})

const isScript = ({ path }: SourceFile): boolean => path.endsWith('.lua') && !path.includes('/include/')
const isIncluded = ({ path }: SourceFile): boolean => path.endsWith('.lua') && path.includes('/include/')

test('every Lua script begins with what it takes and what it gives', () => {
  const scripts = product.filter(isScript)
  expect(scripts.length).toBeGreaterThan(0)
  const silent = scripts.filter(({ text }) => {
    const lines = text.split('\n')
    const code = lines.findIndex((line) => !line.startsWith('--'))
    const header = lines.slice(0, code).join('\n')
    const body = lines.slice(code).join('\n')
    const names = ['KEYS', 'ARGV'].filter((name) => body.includes(name))
    return code === 0 || !/\bResult:/.test(header) || names.some((name) => !new RegExp(`\\b${name} {2}\\d`).test(header))
  })
  expect(paths(silent)).toEqual([])
  expect(paths(product.filter((file) => isIncluded(file) && !file.text.startsWith('-- ')))).toEqual([])
})

test('every Lua script is loaded by a file beside its folder, and what is for inclusion is included', () => {
  const unused = product.filter((file) => {
    const name = basename(file.path, '.lua')
    const folder = file.path.slice(0, file.path.indexOf('/scripts/'))
    const near = product.filter(({ path }) => path.startsWith(`${folder}/`))
    if (isIncluded(file)) return !near.some(({ text }) => text.includes(`--@include ${name}\n`))
    return isScript(file) && !near.some(({ text }) => text.includes('loadScript(') && text.includes(`'${name}')`))
  })
  expect(paths(unused)).toEqual([])
})

test('nothing is left for later or skipped', () => {
  const marks = /TO[D]O|FIX[M]E|\b(?:test|it|describe)\.[s]kip\b|\.[o]nly\(|oxlint-[d]isable/
  expect(paths(typescript([...product, ...tests]).filter(({ text }) => marks.test(text)))).toEqual([])
})

test('npm run help tells of every script', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
  expect(Object.keys(SCRIPTS).toSorted()).toEqual(Object.keys(scripts).toSorted())
})

test('the lock file names no registry', async () => {
  const lock = await readFile(join(ROOT, 'package-lock.json'), 'utf8')
  expect(lock.match(/"resolved": "[a-z+]+:\/\/[^"]*"/g) ?? []).toEqual([])
})
