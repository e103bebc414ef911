import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { chooseFreePort } from '@relay/embedded-redis/free-port'
import type { Books } from '@relay/state/books'
import { createKeyText } from '@relay/vault/key-ring'
import { type ContainerRuntimeClient, DockerComposeEnvironment, getContainerRuntimeClient } from 'testcontainers'
import { createSimulatorControl } from '../../apps/cli/src/demo/simulator-control.ts'
import { simulatorEnvironment } from '../../apps/cli/src/fleet.ts'
import { DOCKER_DIR, findCompose, runCompose } from './container-engine.ts'
import { eventually } from './eventually.ts'
import type { System } from './system.ts'
import { tempFolder } from './temp-folder.ts'

type Service = 'redis' | 'ingest' | 'worker' | 'simulator'
type Container = ReturnType<ContainerRuntimeClient['container']['getById']>

/** The whole product as docker/compose.yml runs it, with the simulator in place of the platforms; worked from outside only. */
export interface Stack extends Pick<System, 'simulator' | 'relay' | 'books' | 'untilQuiet'>, AsyncDisposable {
  readonly fleet: Pick<System['fleet'], 'ingestUrl'>
  /** The text of the master key. */
  readonly masterKey: string
  /** The one container of that service, running or not. */
  container(service: Service): Promise<Container>
  /** What a command run inside a service's container printed; it must end with 0. */
  exec(service: Service, command: readonly string[]): Promise<string>
  /** Compose with these arguments; it must end with 0. Resolves with what it printed. */
  compose(...args: readonly string[]): Promise<string>
}

const HEALTHY_WITHIN_MS = 90_000

/** Ordinary settings with short times. */
const SETTINGS: Readonly<Record<string, string>> = {
  RELAY_LINGER: '50ms',
  RELAY_BREAKER_OPEN: '500ms',
  ...Object.fromEntries(
    PLATFORM_IDS.flatMap((platform) => [
      [`RELAY_${platform.toUpperCase()}_RETRY_DELAYS`, '50ms,100ms,150ms'],
      [`RELAY_${platform.toUpperCase()}_EVENTS_PER_MINUTE`, '120000'],
    ]),
  ),
  ...simulatorEnvironment('http://simulator:8090'),
}

/**
 * In `beforeAll`. Builds the image, or takes the one that RELAY_TEST_IMAGE names. A project, volume, network and ports of its own: whatever else runs on the
 * engine is left alone.
 */
export async function startStack(): Promise<Stack> {
  const image = process.env['RELAY_TEST_IMAGE'] ?? ''
  const network = process.env['RELAY_BUILD_NETWORK']
  for (const name of Object.keys(process.env)) if (name.startsWith('RELAY_')) delete process.env[name]
  const folder = await tempFolder('relay-stack-')
  const masterKey = createKeyText()
  const project = `relay-test-${process.pid}`
  const engine = await getContainerRuntimeClient()
  // Another name where the engine is not on this machine, or this is a container itself.
  const { host } = engine.info.containerRuntime
  const [httpPort, simulatorPort] = [await chooseFreePort(), await chooseFreePort()]
  const env = {
    ...SETTINGS,
    ...(network === undefined ? {} : { RELAY_BUILD_NETWORK: network }),
    RELAY_IMAGE: image === '' ? 'conversion-relay:test' : image,
    RELAY_MASTER_KEY_FILE: await writeReadable(join(folder.path, 'master.key'), masterKey),
    RELAY_HTTP_ADDRESS: host === 'localhost' ? '127.0.0.1' : '0.0.0.0',
    RELAY_HTTP_PORT: String(httpPort),
    RELAY_SIMULATOR_PORT: String(simulatorPort),
    COMPOSE_PROJECT_NAME: project,
    COMPOSE_PROFILES: 'simulator',
    COMPOSE_FILE: 'compose.yml',
  }
  // Not the .env of whoever works here.
  const envFile = await writeReadable(join(folder.path, 'empty.env'), '')
  const description = new DockerComposeEnvironment(DOCKER_DIR, 'compose.yml')
    .withProjectName(project)
    .withEnvironment(env)
    .withEnvironmentFile(envFile)
    .withStartupTimeout(HEALTHY_WITHIN_MS)
    .withClientOptions({ executable: executableOf(findCompose()) })
  const compose: Compose = (args, input = '') => runCompose(['--env-file', envFile, ...args], { env, input })
  const environment = await (image === '' ? build(compose) : Promise.resolve()).then(() => description.up()).catch(async (error: unknown) => {
    await folder[Symbol.asyncDispose]()
    throw error
  })
  return {
    fleet: { ingestUrl: `http://${host}:${httpPort}` },
    masterKey,
    simulator: createSimulatorControl(`http://${host}:${simulatorPort}`),
    ...createHands(engine, project, compose),
    async [Symbol.asyncDispose]() {
      await environment.down({ removeVolumes: true })
      await folder[Symbol.asyncDispose]()
    },
  }
}

/** The container's user is another one than ours, and must be able to read it. */
async function writeReadable(path: string, content: string): Promise<string> {
  await writeFile(path, content, { mode: 0o444 })
  return path
}

const executableOf = ([program, ...args]: ReturnType<typeof findCompose>) =>
  args.length > 0 ? { executablePath: program } : { standalone: true as const, executablePath: program }

type Hands = Pick<Stack, 'relay' | 'books' | 'untilQuiet' | 'container' | 'exec' | 'compose'>

function createHands(
  engine: ContainerRuntimeClient,
  project: string,
  run: (args: readonly string[], input: string) => ReturnType<typeof runCompose>,
): Hands {
  const container: Stack['container'] = async (service) => {
    const labels = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`, 'com.docker.compose.oneoff=False']
    const [found] = await engine.container.dockerode.listContainers({ all: true, filters: { label: labels } })
    if (found === undefined) throw new Error(`there is no container of ${service}`)
    return engine.container.getById(found.Id)
  }
  const exec: Stack['exec'] = async (service, command) => {
    const { exitCode, output, stdout } = await engine.container.exec(await container(service), [...command])
    if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode} in ${service}:\n${output}`)
    return stdout
  }
  const books: Stack['books'] = async () => {
    const status = await exec('ingest', ['node', 'apps/cli/src/main.ts', 'status', '--json'])
    return (JSON.parse(status) as { platforms: Record<PlatformId, Books> }).platforms
  }
  return {
    container,
    exec,
    books,
    relay: (args, { input = '' } = {}) => run(['run', '--rm', '-T', 'cli', ...args], input),
    async compose(...args) {
      const { exitCode, stdout, stderr } = await run(args, '')
      if (exitCode !== 0) throw new Error(`compose ${args.join(' ')} ended with ${exitCode}:\n${stderr}`)
      return stdout
    },
    async untilQuiet(withinMs) {
      await eventually(
        async () => Object.values(await books()).every(({ waiting, held, active }) => waiting + held + active === 0),
        withinMs,
      )
    },
  }
}
