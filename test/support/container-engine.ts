import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { type ContainerRuntimeClient, getContainerRuntimeClient } from 'testcontainers'

/** Where the compose file is, and what belongs to it. */
export const DOCKER_DIR = fileURLToPath(new URL('../../docker', import.meta.url))

/** For `beforeAll`: the engine. Rejects, and so fails the run, with what to do where none answers. */
export async function requireEngine(): Promise<ContainerRuntimeClient> {
  return getContainerRuntimeClient().catch((error: unknown) => {
    throw new Error(
      'No container engine answers, and these tests are about containers: start Docker (DOCKER_HOST, if it is elsewhere). `npm test` needs none.',
      { cause: error },
    )
  })
}

/** `docker compose`, else the program `docker-compose` of older installations. Throws where there is neither. */
export function findCompose(): readonly [program: string, ...args: string[]] {
  for (const [program, ...args] of [['docker', 'compose'] as const, ['docker-compose'] as const]) {
    if (spawnSync(program, [...args, 'version'], { stdio: 'ignore' }).status === 0) return [program, ...args]
  }
  throw new Error('The container engine answers, but Docker Compose is not installed: neither `docker compose` nor `docker-compose` runs')
}

/** Runs Compose to its end, on the compose file of the product. */
export async function runCompose(
  args: readonly string[],
  { env, input }: { readonly env: Readonly<Record<string, string>>; readonly input: string },
): Promise<{ readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }> {
  const [program, ...first] = findCompose()
  const child = spawn(program, [...first, '-f', 'compose.yml', ...args], {
    cwd: DOCKER_DIR,
    env: { ...process.env, ...env },
    stdio: 'pipe',
  })
  // A command that ends without reading what it was sent is no fault of the test.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { exitCode: exitCode as number | null, stdout, stderr }
}

/** The Redis that the compose file runs. */
export async function redisImage(): Promise<string> {
  const [, image] = /^ +image: (redis:\S+)$/m.exec(await readFile(`${DOCKER_DIR}/compose.yml`, 'utf8')) ?? []
  if (image === undefined) throw new Error('compose.yml names no image of Redis')
  return image
}
