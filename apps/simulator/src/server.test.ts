import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createSimulator } from './server.ts'
import { NOW, metaEvent } from './testing/samples.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

async function listen() {
  const simulator = createSimulator({ now: () => NOW })
  open.push(simulator)
  const url = await simulator.listen(0)
  const send = (id: string, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/meta/v26.0/1001/events`, {
      method: 'POST',
      headers: { authorization: 'Bearer t', 'content-type': 'application/json' },
      body: JSON.stringify({ data: [metaEvent({ event_id: id })] }),
      ...(signal === undefined ? {} : { signal }),
    })
  return { simulator, url, send }
}

describe('over a socket', () => {
  it('serves on a free port of the loopback interface', async () => {
    const { simulator, url, send } = await listen()
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(simulator.url).toBe(url)
    expect((await send('a')).status).toBe(200)
  })

  it('breaks the connection off before taking, or after, and goes on', async () => {
    const { simulator, send } = await listen()
    simulator.faults.add({ platform: 'meta', kind: 'reset', times: 1 })
    await expect(send('a')).rejects.toThrow('fetch failed')
    expect(simulator.ledger.summary().meta.counted).toBe(0)
    simulator.faults.add({ platform: 'meta', kind: 'lost_answer', times: 1 })
    await expect(send('a')).rejects.toThrow('fetch failed')
    expect(simulator.ledger.summary().meta.counted).toBe(1)
    expect((await send('a')).status).toBe(200)
    expect(simulator.ledger.summary().meta).toMatchObject({ counted: 1, repeated: 1 })
  })

  it('never answers a timeout; the client gives up, or the simulator closes', async () => {
    const { simulator, send } = await listen()
    simulator.faults.add({ platform: 'meta', kind: 'timeout', times: 2 })
    await expect(send('a', AbortSignal.timeout(50))).rejects.toThrow('aborted due to timeout')
    const waiting = send('b')
    waiting.catch(() => undefined)
    await expect.poll(() => simulator.ledger.summary().meta.requests).toBe(2)
    await simulator.close()
    await expect(waiting).rejects.toThrow('fetch failed')
  })

  it('answers late when told to', async () => {
    const { simulator, send } = await listen()
    simulator.faults.add({ platform: 'meta', kind: 'latency', ms: 60, times: 1 })
    const begun = performance.now()
    expect((await send('a')).status).toBe(200)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(58)
  })

  it('says so when its port is taken', async () => {
    const { url } = await listen()
    const second = createSimulator()
    await expect(second.listen(Number(new URL(url).port))).rejects.toThrow('EADDRINUSE')
  })
})

describe('as a process', () => {
  const main = fileURLToPath(new URL('main.ts', import.meta.url))

  it('prints one line with its address and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [main, '--port', '0'], { stdio: ['ignore', 'pipe', 'inherit'] })
    const lines: string[] = []
    const reader = createInterface(child.stdout)
    reader.on('line', (line) => lines.push(line))
    await once(reader, 'line')
    const { simulator } = JSON.parse(lines[0] ?? '') as { simulator: string }
    expect((await fetch(simulator)).status).toBe(200)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(lines).toHaveLength(1)
  })

  it('exits 2 on a wrong argument', async () => {
    const child = spawn(process.execPath, [main, '--port', 'eighty'], { stdio: 'ignore' })
    expect(await once(child, 'exit')).toEqual([2, null])
  })
})
