/** Every path absolute. `loopback` is false only inside a container, whose port is published on the loopback of its host. */
export interface RedisConf {
  readonly port: number
  readonly dir: string
  readonly logFile: string
  readonly loopback: boolean
}

/** The whole configuration of the embedded server, as the text of its file. */
export function redisConf(conf: RedisConf): string {
  const lines = [
    ['bind', conf.loopback ? '127.0.0.1' : '0.0.0.0'],
    ['protected-mode', conf.loopback ? 'yes' : 'no'],
    ['port', String(conf.port)],
    ['dir', quote(conf.dir)],
    ['logfile', quote(conf.logFile)],
    ['daemonize', 'no'],
    // The command line keeps the name of this file, by which a server is known as ours.
    ['set-proc-title', 'no'],
    ['appendonly', 'yes'],
    ['appendfsync', 'everysec'],
    // A tail cut off by a crash is given up (at most what fsync had not promised yet) instead of refusing to start.
    ['aof-load-truncated', 'yes'],
    ['save', '""'],
    // A queue that forgets jobs under memory pressure would lose events: writes are refused instead.
    ['maxmemory-policy', 'noeviction'],
    // A job's hash stays a listpack up to this size of a value: a third less memory per waiting job.
    ['hash-max-listpack-value', '4096'],
  ]
  return `${lines.map((line) => line.join(' ')).join('\n')}\n`
}

const quote = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`
