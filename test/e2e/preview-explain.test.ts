import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { runToEnd, startProcess } from '../support/process.ts'
import { tempFolder } from '../support/temp-folder.ts'

// The two commands as a person or a script uses them: real processes, without Redis, a master key or any configuration.

const CLI = 'apps/cli/src/main.ts'
const WITHIN_MS = 20_000
const NOW = '2026-11-24T12:00:00Z'
const PREVIEW = ['preview', '--platform', 'meta', '--now', NOW]

const purchase = (id: string) =>
  JSON.stringify({
    event_name: 'Purchase',
    event_id: id,
    user_data: { email: `${id}@example.com` },
    custom_data: { value: 9.9, currency: 'EUR' },
  })

const parsed = (lines: readonly string[]): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>)

/** The command with its standard streams at hand. */
function open(args: readonly string[]) {
  const entry = resolve(fileURLToPath(new URL('../..', import.meta.url)), CLI)
  return spawn(process.execPath, [entry, ...args], { env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'pipe'] })
}

describe('relay preview', () => {
  test('a line that is typed is answered before the next one comes', async () => {
    await using preview = startProcess(CLI, PREVIEW)
    for (const [index, id] of ['a', 'b', 'c'].entries()) {
      preview.send(`${purchase(id)}\n`)
      await eventually(() => preview.stdout.length === index + 1, WITHIN_MS)
      expect(parsed(preview.stdout).at(-1)).toMatchObject({ event: { event_id: id } })
    }
    // The last line needs no end.
    preview.send(purchase('d'))
    preview.closeInput()
    expect(await preview.exited).toEqual({ code: 0, signal: null })
    expect(parsed(preview.stdout).at(-1)).toMatchObject({ event: { event_id: 'd' }, refused: null })
    expect(preview.stderr).toEqual([])
  })

  test('one line for each line, in order, whatever is wrong with some of them', async () => {
    const child = open(PREVIEW)
    child.stdin.write(`\uFEFF${purchase('first')}\r\n\r\n   \n{"broken":\n`)
    child.stdin.write(Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]))
    child.stdin.write(`{"event_name":"Purchase","event_tme":1}\n{"a":"${'x'.repeat(6 * 1024 * 1024)}"}\n[]\n`)
    child.stdin.end(`${purchase('last')}\n`)
    const [text, [code]] = await Promise.all([
      child.stdout.toArray().then((chunks) => Buffer.concat(chunks).toString()),
      once(child, 'close'),
    ])
    const answers = parsed(text.trim().split('\n'))
    expect(answers.map(({ event, refused }) => refused ?? (event as { event_id: string }).event_id)).toMatchObject([
      'first',
      { code: 'INVALID_EVENT', path: '' },
      { code: 'INVALID_EVENT', path: '' },
      { code: 'INVALID_EVENT', path: 'event_tme' },
      { code: 'PAYLOAD_TOO_LARGE', path: '' },
      { code: 'INVALID_EVENT', path: '' },
      'last',
    ])
    expect(code).toBe(0)
  })

  test('takes in no more than is taken away, and streams what would not fit into its memory', async () => {
    const child = spawn(process.execPath, ['--max-old-space-size=64', resolve(CLI), ...PREVIEW], { stdio: ['pipe', 'pipe', 'inherit'] })
    const line = `${purchase('x')}\n`
    const piece = line.repeat(500)
    const pieces = 60
    let lines = 0
    child.stdout.on('data', (chunk: Buffer) => (lines += chunk.toString('latin1').split('\n').length - 1))
    // A line of 256 MiB in between is let go of as it comes.
    const huge = Buffer.alloc(1024 * 1024, 'x')
    const write = async (bytes: string | Buffer): Promise<void> => {
      if (!child.stdin.write(bytes)) await once(child.stdin, 'drain')
    }
    for (let count = 0; count < pieces; count++) await write(piece)
    for (let count = 0; count < 256; count++) await write(huge)
    const memory = process.platform === 'linux' ? await readFile(`/proc/${child.pid}/status`, 'utf8') : ''
    child.stdin.end(`\n${line}`)
    const [code] = (await once(child, 'close')) as [number]
    expect(code).toBe(0)
    expect(lines).toBe(pieces * 500 + 2)
    expect(Number(/VmHWM:\s+(\d+)/.exec(memory)?.[1] ?? 0)).toBeLessThan(450_000)
  })

  test('Ctrl-C and a closed pipe end it without a word', async () => {
    const interrupted = open(PREVIEW)
    interrupted.stdin.write(`${purchase('a')}\n`)
    await once(interrupted.stdout, 'data')
    interrupted.kill('SIGINT')
    expect(await once(interrupted, 'close')).toEqual([null, 'SIGINT'])

    const closed = open(PREVIEW)
    closed.stdin.on('error', () => {})
    const complaint = closed.stderr.toArray()
    closed.stdin.write(`${purchase('a')}\n`)
    await once(closed.stdout, 'data')
    closed.stdout.destroy()
    closed.stdin.write(`${purchase('b')}\n`.repeat(5_000))
    const [code] = (await once(closed, 'exit')) as [number]
    expect(code).toBe(0)
    expect(await complaint).toEqual([])
  })

  test('the request is shown as it would go out, for a connection with these settings', async () => {
    await using folder = await tempFolder()
    const settings = join(folder.path, 'settings.json')
    await writeFile(settings, JSON.stringify({ operating_account: '123-456-7890', conversion_actions: { Purchase: '77' } }))
    const args = ['preview', '--platform', 'google', '--settings', settings, '--request', '--now', NOW]
    const { code, stdout } = await runToEnd(CLI, args, { input: `${purchase('order-77')}\n{"event_name":"Lead"}\n` })
    expect(code).toBe(0)
    const [sent, unmapped] = parsed(stdout.split('\n'))
    expect(sent).toMatchObject({
      request: {
        method: 'POST',
        url: 'https://datamanager.googleapis.com/v1/events:ingest',
        headers: { Authorization: 'Bearer ***' },
        body: { destinations: [{ operatingAccount: { accountId: '1234567890' }, productDestinationId: '77' }], encoding: 'HEX' },
      },
    })
    expect(unmapped).toMatchObject({ event: null, request: null, refused: { code: 'EVENT_UNMAPPED' } })
  })

  test('wrong settings are named with their paths, and end it with 2', async () => {
    await using folder = await tempFolder()
    const settings = join(folder.path, 'settings.json')
    await writeFile(settings, JSON.stringify({ pixl_id: '1', unmapped: 'sometimes' }))
    const { code, stderr, stdout } = await runToEnd(CLI, ['preview', '--platform', 'meta', '--settings', settings], { input: '{}\n' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('pixl_id: is no setting: did you mean pixel_id?')
    expect(stderr).toContain('unmapped: ')
  })

  test.each(['--platform facebook', '--platform meta --now yesterday', ''])('wrong use ends with 2: %j', async (args) => {
    expect((await runToEnd(CLI, ['preview', ...args.split(' ')], { input: '{}\n' })).code).toBe(2)
  })
})

describe('relay explain', () => {
  test('one line of outcomes for each answer, and the stream goes on after what cannot be read', async () => {
    const input = [
      { status: 200, body: { code: 0, request_id: 'r' }, events: 2 },
      { status: 200, body: '{"code":40100}', headers: { 'retry-AFTER': '7' } },
      { status: null, error: 'timeout' },
      { status: 'ok' },
      { status: 502, body: '<html>' },
    ].map((answer) => JSON.stringify(answer))
    const { code, stdout } = await runToEnd(CLI, ['explain', '--platform', 'tiktok', '--now', NOW], { input: input.join('\n') })
    expect(code).toBe(0)
    expect(parsed(stdout.split('\n'))).toMatchObject([
      { outcomes: [{ kind: 'delivered', code: null, message: null }, { kind: 'delivered' }] },
      { outcomes: [{ kind: 'hold', code: 'RATE_LIMITED', platform_code: '40100', retry_after_ms: 7_000 }] },
      { outcomes: [{ kind: 'retry', code: 'TIMEOUT', message: 'Request timeout after 30 seconds' }] },
      { error: { code: 'MALFORMED_BODY' } },
      { outcomes: [{ kind: 'retry', code: 'PLATFORM_ERROR' }] },
    ])
  })

  test("reads the Google Ads API's partial failures where the line says so", async () => {
    const failure = {
      '@type': 'type.googleapis.com/google.ads.googleads.v26.errors.GoogleAdsFailure',
      errors: [
        {
          errorCode: { conversionUploadError: 'NO_CONVERSION_ACTION_FOUND' },
          location: { fieldPathElements: [{ fieldName: 'conversions', index: 1 }] },
        },
      ],
    }
    const body = { partialFailureError: { code: 3, details: [failure] }, results: [{ gclid: 'a' }, {}] }
    const input = JSON.stringify({ status: 200, api: 'ads', events: 2, body })
    const { stdout } = await runToEnd(CLI, ['explain', '--platform', 'google'], { input })
    expect(parsed(stdout.split('\n'))).toMatchObject([
      { outcomes: [{ kind: 'delivered' }, { kind: 'reject', code: 'DESTINATION_INVALID', platform_code: 'NO_CONVERSION_ACTION_FOUND' }] },
    ])
  })
})
