import { describe, expect, test } from 'vitest'
import { installCommand } from './install-command.ts'

describe('the one command to run', () => {
  test.each([
    ['Debian', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n', 'sudo apt-get install redis-server'],
    ['Mint', 'ID=linuxmint\nID_LIKE="ubuntu debian"\n', 'sudo apt-get install redis-server'],
    ['Fedora', 'ID=fedora\n', 'sudo dnf install valkey'],
    ['Rocky', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'sudo dnf install redis'],
    ['Arch', 'ID=arch\n', 'sudo pacman -S valkey'],
    ['Alpine', 'ID=alpine\n', 'sudo apk add redis'],
    ['openSUSE', 'ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', 'sudo zypper install redis'],
  ])('on %s', (_name, osRelease, command) => {
    expect(installCommand({ platform: 'linux', osRelease })).toBe(command)
  })

  test('on macOS, and where nothing is known', () => {
    expect(installCommand({ platform: 'darwin', osRelease: '' })).toBe('brew install redis')
    expect(installCommand({ platform: 'linux', osRelease: 'ID=unheard\n' })).toMatch(/^docker run .*redis-server --appendonly yes$/)
    expect(installCommand({ platform: 'win32', osRelease: '' })).toMatch(/^docker run /)
  })
})
