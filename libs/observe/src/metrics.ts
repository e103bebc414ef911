import { PLATFORM_IDS } from '@relay/core/ids'
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { METRICS } from './metric-definitions.ts'
import type { MetricDefinition } from './metric-definitions.ts'

type Handle<D extends MetricDefinition> = D extends { readonly type: 'counter' }
  ? Counter<D['labels'][number]>
  : D extends { readonly type: 'gauge' }
    ? Gauge<D['labels'][number]>
    : Histogram<D['labels'][number]>

/** One handle of prom-client for each entry of METRICS, under the same name. */
type Handles = { readonly [Name in keyof typeof METRICS]: Handle<(typeof METRICS)[Name]> }

export interface Metrics extends Handles {
  /** Adds a function that sets gauges just before they are read. It runs at most once a second, whoever asks. */
  onCollect(collector: () => Promise<void>): void
  /** All of it in Prometheus' text format. Never rejects: where a collector fails or takes over 2 s, the fleet's gauges that it left unset are absent. */
  expose(): Promise<string>
  readonly contentType: string
}

const CACHE_MS = 1_000
const COLLECT_MAX_MS = 2_000

/**
 * A registry of its own with every metric, and those of the process (CPU, memory, event loop). Counters labelled by platform alone begin at 0 for
 * each, so that a first increase is seen as one.
 */
export function createMetrics(
  options: {
    /** Milliseconds of a clock that never goes back. */
    readonly now?: () => number
    readonly onCollectError?: (error: unknown) => void
  } = {},
): Metrics {
  const now = options.now ?? (() => performance.now())
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const handles = Object.fromEntries(Object.entries(METRICS).map(([name, definition]) => [name, register(definition, registry)]))
  const clearFleetGauges = (): void => {
    for (const [name, definition] of Object.entries(METRICS)) {
      if (definition.type === 'gauge' && definition.isOfFleet) clear(handles[name] as Gauge)
    }
  }
  clearFleetGauges()

  const collectors: (() => Promise<void>)[] = []
  let latest: { readonly at: number; readonly done: Promise<void> } | undefined
  const collect = (): Promise<void> => {
    if (latest === undefined || now() - latest.at >= CACHE_MS) {
      clearFleetGauges()
      const done = Promise.all(collectors.map((collector) => within(collector, COLLECT_MAX_MS).catch(options.onCollectError ?? (() => {}))))
      latest = { at: now(), done: done.then(() => undefined) }
    }
    return latest.done
  }

  return {
    ...(handles as unknown as Handles),
    onCollect: (collector) => {
      collectors.push(collector)
    },
    expose: async () => {
      await collect()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}

function register(definition: MetricDefinition, registry: Registry): Counter | Gauge | Histogram {
  const settings = { name: definition.name, help: definition.help, labelNames: [...definition.labels], registers: [registry] }
  if (definition.type === 'gauge') return new Gauge(settings)
  if (definition.type === 'histogram') return new Histogram({ ...settings, buckets: [...definition.buckets] })
  const counter = new Counter(settings)
  if (definition.labels.length === 1 && definition.labels[0] === 'platform') {
    for (const platform of PLATFORM_IDS) counter.inc({ platform }, 0)
  }
  return counter
}

/** prom-client's own reset sets a gauge without labels to 0, which would be a lie until it is measured. */
function clear(gauge: Gauge): void {
  gauge.reset()
  gauge.remove({})
}

async function within(work: () => Promise<void>, limitMs: number): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`metrics could not be collected within ${limitMs} ms`)), limitMs)
  try {
    await Promise.race([work(), promise])
  } finally {
    clearTimeout(timer)
  }
}
