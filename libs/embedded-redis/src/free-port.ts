import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

// Below the range from which systems take the ports of outgoing connections (Linux: 32768 on, others: 49152 on). A client that dials a port of
// that range while the server restarts can be given this very port as its own, connect to itself, and so keep the server out.
const FIRST_PORT = 20_000
const LAST_PORT = 29_999
const TRIES = 200
const POLL_MS = 50

/** A port on 127.0.0.1 that nobody holds at this moment. */
export async function chooseFreePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    if (await isPortFree(port)) return port
  }
  throw new Error(`no free port between ${FIRST_PORT} and ${LAST_PORT}`)
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** Can it be had within that time? */
export async function becomesFree(port: number, withinMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs
  while (!(await isPortFree(port))) {
    if (performance.now() > giveUpAt) return false
    await delay(POLL_MS)
  }
  return true
}
