import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PLATFORM_IDS, type PlatformId } from '@relay/core/ids'
import { chooseFreePort } from '@relay/embedded-redis/free-port'
import type { Books } from '@relay/state/books'
import { createKeyText } from '@relay/vault/key-ring'
import { type ContainerRuntimeClient, DockerComposeEnvironment } from 'testcontainers'
import { createSimulatorControl } from '../../apps/cli/src/demo/simulator-control.ts'
import { simulatorEnvironment } from '../../apps/cli/src/fleet.ts'
import { DOCKER_DIR, findCompose, requireEngine, runCompose } from './container-engine.ts'
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
 * In `beforeAll`. Builds the image (RELAY_BUILD_NETWORK as for the compose file), or takes the one that RELAY_TEST_IMAGE names. A project, volume, network and
 * ports of its own: whatever else runs on the engine is left alone.
 */
export async function startStack(): Promise<Stack> {
  const { RELAY_TEST_IMAGE: givenImage, RELAY_BUILD_NETWORK: buildNetwork } = process.env
  for (const name of Object.keys(process.env)) if (name.startsWith('RELAY_')) delete process.env[name]
  const engine = await requireEngine()
  const folder = await tempFolder('relay-stack-')
  const masterKey = createKeyText()
  // Another name than localhost where the engine is not on this machine, or this is a container itself.
  const { host } = engine.info.containerRuntime
  const [httpPort, simulatorPort] = [await chooseFreePort(), await chooseFreePort()]
  const settings: ProjectSettings = {
    ...SETTINGS,
    ...(buildNetwork === undefined ? {} : { RELAY_BUILD_NETWORK: buildNetwork }),
    RELAY_IMAGE: givenImage ?? 'conversion-relay:test',
    RELAY_MASTER_KEY_FILE: await writeReadable(join(folder.path, 'master.key'), masterKey),
    RELAY_HTTP_ADDRESS: host === 'localhost' ? '127.0.0.1' : '0.0.0.0',
    RELAY_HTTP_PORT: String(httpPort),
    RELAY_SIMULATOR_PORT: String(simulatorPort),
    COMPOSE_PROJECT_NAME: `relay-test-${process.pid}`,
    COMPOSE_PROFILES: 'simulator',
  }
  // Not the .env of whoever works here.
  const envFile = await writeReadable(join(folder.path, 'empty.env'), '')
  const compose = createCompose(settings, envFile)
  if (givenImage === undefined) await compose('build')
  const environment = await describeProject(settings, envFile).up()
  return {
    fleet: { ingestUrl: `http://${host}:${httpPort}` },
    masterKey,
    simulator: createSimulatorControl(`http://${host}:${simulatorPort}`),
    compose,
    relay: (args, { input = '' } = {}) => runIn(settings, envFile, ['run', '--rm', '-T', 'cli', ...args], input),
    ...createHands(engine, settings.COMPOSE_PROJECT_NAME),
    async [Symbol.asyncDispose]() {
      await environment.down({ removeVolumes: true })
      await folder[Symbol.asyncDispose]()
    },
  }
}

interface ProjectSettings extends Readonly<Record<string, string>> {
  readonly COMPOSE_PROJECT_NAME: string
}

/** The container's user is another one than ours, and must be able to read it. */
async function writeReadable(path: string, content: string): Promise<string> {
  await writeFile(path, content, { mode: 0o444 })
  return path
}

const runIn = (settings: ProjectSettings, envFile: string, args: readonly string[], input = '') =>
  runCompose(['--env-file', envFile, ...args], { env: settings, input })

function createCompose(settings: ProjectSettings, envFile: string): Stack['compose'] {
  return async (...args) => {
    const { exitCode, stdout, stderr } = await runIn(settings, envFile, args)
    if (exitCode !== 0) throw new Error(`compose ${args.join(' ')} ended with ${exitCode}:\n${stdout}\n${stderr}`)
    return stdout
  }
}

function describeProject(settings: ProjectSettings, envFile: string): DockerComposeEnvironment {
  const [program, ...args] = findCompose()
  const executable = args.length > 0 ? { executablePath: program } : { standalone: true as const, executablePath: program }
  return new DockerComposeEnvironment(DOCKER_DIR, 'compose.yml')
    .withProjectName(settings.COMPOSE_PROJECT_NAME)
    .withEnvironment(settings)
    .withEnvironmentFile(envFile)
    .withStartupTimeout(HEALTHY_WITHIN_MS)
    .withClientOptions({ executable })
}

function createHands(engine: ContainerRuntimeClient, project: string): Pick<Stack, 'container' | 'exec' | 'books' | 'untilQuiet'> {
  const container: Stack['container'] = async (service) => {
    const label = [`com.docker.compose.project=${project}`, `com.docker.compose.service=${service}`, 'com.docker.compose.oneoff=False']
    const [found] = await engine.container.dockerode.listContainers({ all: true, filters: { label } })
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
    async untilQuiet(withinMs) {
      await eventually(
        async () => Object.values(await books()).every(({ waiting, held, active }) => waiting + held + active === 0),
        withinMs,
      )
    },
  }
}
