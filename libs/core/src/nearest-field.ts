/** Case and separators do not count: `eventName` is `event_name`. */
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z\d]/g, '')

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    row = next
  }
  return row[b.length]!
}

/** Longer names are nobody's typing error; this bounds the work. */
const MAX_NAME = 64

/**
 * Which of the known paths (`event_name`, `user_data.email`) an unknown name most likely means: by its last part, the earlier one in the
 * list where two are as near.
 */
export function nearestField(name: string, knownPaths: readonly string[]): string {
  const wanted = plain(name.slice(0, MAX_NAME))
  let best = { path: knownPaths[0] ?? '', distance: Infinity }
  for (const path of knownPaths) {
    const far = distance(wanted, plain(path.slice(path.lastIndexOf('.') + 1)))
    if (far < best.distance) best = { path, distance: far }
  }
  return best.path
}
