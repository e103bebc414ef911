import type { EpochMs } from '@relay/core/clock'
import type { ConnectionSettings } from '@relay/core/connection'
import type { ConversionEvent, FieldWarning, PreparedEvent } from '@relay/core/event'
import type { Platform } from '../contract.ts'

/** 2026-11-24T12:00:00Z: the moment at which the examples happen. */
export const NOW: EpochMs = Date.UTC(2026, 10, 24, 12)

/** An event with what a test does not care about filled in: id, name, time, source. */
export const conversionEvent = (event: Partial<ConversionEvent>): ConversionEvent => ({
  event_id: 'order-1001',
  event_name: 'ViewContent',
  event_time: NOW / 1000,
  action_source: 'website',
  user_data: {},
  custom_data: {},
  consent: {},
  ...event,
})

/** What acceptance makes of an event for one connection: identified by the platform's rules, raw identifiers gone. */
export function preparedFor(
  platform: Pick<Platform, 'identify'>,
  event: ConversionEvent,
  settings: ConnectionSettings,
): { readonly event: PreparedEvent; readonly warnings: readonly FieldWarning[] } {
  const { user, warnings } = platform.identify(event, { settings, receivedAt: NOW })
  const { user_data: _raw, destinations: _where, ...rest } = event
  return { event: { ...rest, user }, warnings }
}
