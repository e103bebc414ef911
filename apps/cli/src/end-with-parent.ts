/*
 * Loaded with `--import` into each process that a fleet starts: when the process that started it is gone, however it ended, this one drains and
 * ends too, as if it had been told to.
 */

const CHECK_EVERY_MS = 1_000
const parent = process.ppid

const timer = setInterval(() => {
  if (process.ppid === parent) return
  clearInterval(timer)
  process.kill(process.pid, 'SIGTERM')
}, CHECK_EVERY_MS)
timer.unref()
