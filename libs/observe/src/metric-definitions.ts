interface DefinitionBase {
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
}

export type MetricDefinition =
  | (DefinitionBase & { readonly type: 'counter' })
  | (DefinitionBase & { readonly type: 'histogram'; readonly buckets: readonly number[] })
  | (DefinitionBase & {
      readonly type: 'gauge'
      /** The truth of the whole fleet, set by a collector at each scrape and absent where that fails; else it is of this process alone. */
      readonly isOfFleet: boolean
    })

const counter = <const L extends readonly string[]>(name: string, labels: L, help: string) =>
  ({ type: 'counter', name, labels, help }) as const

const gauge = <const L extends readonly string[]>(name: string, labels: L, help: string, isOfFleet: boolean) =>
  ({ type: 'gauge', name, labels, help, isOfFleet }) as const

const histogram = <const L extends readonly string[]>(name: string, labels: L, help: string, buckets: readonly number[]) =>
  ({ type: 'histogram', name, labels, help, buckets }) as const

const OF_FLEET = true
const OF_PROCESS = false

/** Every metric of the product. No tenant, connection or event id is ever a label: their number has no bound. */
export const METRICS = {
  eventsReceived: counter('relay_events_received_total', [], 'Events that producers sent, before any check'),
  eventsRejected: counter('relay_events_rejected_total', ['code'], 'Events refused at ingest, by code'),
  eventsDuplicate: counter('relay_events_duplicate_total', [], 'Events whose every delivery was known already'),

  deliveriesEnqueued: counter('relay_deliveries_enqueued_total', ['platform'], 'Deliveries put into the queue'),
  deliveriesDelivered: counter('relay_deliveries_delivered_total', ['platform'], 'Deliveries that the platform accepted'),
  deliveriesRetried: counter('relay_deliveries_retried_total', ['platform', 'code'], 'Attempts that failed and will be repeated'),
  deliveriesHeld: counter(
    'relay_deliveries_held_total',
    ['platform', 'code'],
    'Times that a delivery was made to wait without using an attempt',
  ),
  deliveriesSkipped: counter('relay_deliveries_skipped_total', ['platform', 'code'], 'Deliveries not sent by rule or consent'),
  deliveriesDeadLettered: counter('relay_deliveries_dead_lettered_total', ['platform', 'code'], 'Deliveries that became dead letters'),
  deliveriesReplayed: counter('relay_deliveries_replayed_total', ['platform'], 'Dead letters put back into the queue'),
  deliveriesAmbiguous: counter(
    'relay_deliveries_ambiguous_total',
    ['platform'],
    'Deliveries whose request left and was not answered, so that the platform may have taken them',
  ),

  deliveryLatency: histogram(
    'relay_delivery_latency_seconds',
    ['platform'],
    'From acceptance to delivered, waiting included',
    [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 3_600, 21_600, 86_400],
  ),
  requestDuration: histogram(
    'relay_platform_request_duration_seconds',
    ['platform', 'outcome'],
    'One HTTP request to the platform, from sending to the whole answer',
    [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30],
  ),
  batchEvents: histogram(
    'relay_batch_events',
    ['platform'],
    'Events per request to the platform',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000],
  ),
  batchSplits: counter('relay_batch_splits_total', ['platform'], 'Refused requests that were taken apart and sent again'),

  circuitState: gauge('relay_circuit_state', ['platform'], 'Breaker: 0 closed, 1 half-open, 2 open', OF_FLEET),
  circuitOpened: counter('relay_circuit_opened_total', ['platform'], 'Times that the breaker opened'),
  tokenRefresh: counter('relay_token_refresh_total', ['platform', 'outcome'], 'Refreshes of access tokens, by outcome'),

  queueJobs: gauge('relay_queue_jobs', ['platform', 'state'], 'Deliveries in the queue, by state', OF_FLEET),
  queueOldestAge: gauge(
    'relay_queue_oldest_age_seconds',
    ['platform'],
    'Age of the oldest among the next waiting and held deliveries',
    OF_FLEET,
  ),
  deadLetters: gauge('relay_dead_letters', ['platform'], 'Letters that are dead now', OF_FLEET),
  unaccountedDeliveries: gauge(
    'relay_unaccounted_deliveries',
    ['platform'],
    'Accepted + imported - delivered - waiting - held - active - dead - skipped - removed: anything but 0 is an alarm',
    OF_FLEET,
  ),
  connections: gauge('relay_connections', ['platform', 'status'], 'Connections, by status', OF_FLEET),
  workers: gauge('relay_workers', ['platform'], 'Live workers that serve the platform', OF_FLEET),
  rateLimit: gauge(
    'relay_rate_limit_events_per_minute',
    ['platform', 'kind'],
    'Rate in force: configured, or learned from the platform',
    OF_FLEET,
  ),
  deliveriesExpiring: gauge(
    'relay_deliveries_expiring',
    ['platform', 'within'],
    'Deliveries whose deadline comes within 1h, 24h',
    OF_FLEET,
  ),
  apiSunset: gauge('relay_api_sunset_days', ['platform'], 'Days until the platform switches off the API version in use', OF_FLEET),
  tokenExpiry: gauge('relay_token_expiry_days', ['platform'], 'Days until the next credential of a connection runs out', OF_FLEET),
  redisMemoryRatio: gauge('relay_redis_memory_ratio', [], 'Memory used by Redis over its maxmemory', OF_FLEET),

  httpPoolConnections: gauge('relay_http_pool_connections', ['platform'], 'Open connections to the platform', OF_PROCESS),
  httpPoolWaiting: gauge('relay_http_pool_waiting', ['platform'], 'Requests that wait for a connection to the platform', OF_PROCESS),

  unmappedEvents: counter('relay_unmapped_events_total', ['platform'], 'Events whose name has no counterpart on the platform'),
  alertsSent: counter('relay_alerts_sent_total', ['platform', 'alert'], 'Alerts sent to tenant admins and operators'),
} as const satisfies Record<string, MetricDefinition>
