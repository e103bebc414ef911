import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface SourceFile {
  /** From the top of the repository: `libs/core/src/event.ts`. */
  readonly path: string
  readonly text: string
}

export interface Manifest {
  readonly name?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

/** A workspace: `libs/core` is `core`. */
export interface SourcePackage {
  readonly id: string
  readonly folder: string
  readonly manifest: Manifest
  readonly files: readonly SourceFile[]
}

export async function readPackages(): Promise<SourcePackage[]> {
  const groups = await Promise.all(['apps', 'libs'].map(async (group) => (await readdir(join(ROOT, group))).map((id) => ({ id, group }))))
  return Promise.all(
    groups.flat().map(async ({ id, group }) => {
      const folder = `${group}/${id}`
      return { id, folder, manifest: await readManifest(folder), files: await readFiles(`${folder}/src`) }
    }),
  )
}

export const readManifest = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest

/** Every file below, by path. */
export async function readFiles(folder: string): Promise<SourceFile[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
  return Promise.all(paths.toSorted().map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })))
}

export const isTest = ({ path }: SourceFile): boolean => path.endsWith('.test.ts')

/** What a TypeScript file imports, as written: `./x.ts`, `node:fs`, `@relay/core/event`, `zod`. Relies on the formatter: a statement ends its line. */
export function importsOf({ text }: SourceFile): string[] {
  const statements = text.matchAll(/(?:\bfrom|^import) '([^'\n]+)'$/gm)
  const calls = text.matchAll(/\bimport\('([^'\n]+)'\)/g)
  return [...statements, ...calls].map(([, specifier]) => specifier ?? '')
}

/** `@relay/core/event` → `@relay/core`; `libphonenumber-js/max` → `libphonenumber-js`. */
export const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
