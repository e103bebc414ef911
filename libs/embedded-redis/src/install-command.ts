/** Where this is, as `process.platform` and the text of /etc/os-release say (empty where there is none). */
export interface Surroundings {
  readonly platform: string
  readonly osRelease: string
}

const BY_FAMILY: readonly (readonly [family: string, command: string])[] = [
  ['debian', 'sudo apt-get install redis-server'],
  ['ubuntu', 'sudo apt-get install redis-server'],
  ['fedora', 'sudo dnf install valkey'],
  ['rhel', 'sudo dnf install redis'],
  ['arch', 'sudo pacman -S valkey'],
  ['alpine', 'sudo apk add redis'],
  ['suse', 'sudo zypper install redis'],
]

const WITH_CONTAINER = 'docker run -d -p 127.0.0.1:6379:6379 redis:8-alpine redis-server --appendonly yes'

/** The one command that brings a Redis to this system. Where no package manager is known it is a container, to be used by RELAY_REDIS_URL=redis://127.0.0.1:6379. */
export function installCommand({ platform, osRelease }: Surroundings): string {
  if (platform === 'darwin') return 'brew install redis'
  const families = releaseField(osRelease, 'ID').concat(releaseField(osRelease, 'ID_LIKE'))
  for (const family of families) {
    const known = BY_FAMILY.find(
      ([name]) => family === name || family.startsWith(`${name}-`) || (name === 'suse' && family.includes('suse')),
    )
    if (known !== undefined) return known[1]
  }
  return WITH_CONTAINER
}

function releaseField(osRelease: string, name: string): string[] {
  const line = osRelease.split('\n').find((line) => line.startsWith(`${name}=`))
  if (line === undefined) return []
  return line
    .slice(name.length + 1)
    .replaceAll('"', '')
    .split(' ')
    .filter((word) => word !== '')
}
