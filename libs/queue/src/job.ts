import type { Delivery } from '@relay/core/delivery'
import { z } from 'zod'

/*
 * What a job carries: one delivery, and for a replayed one the generation of its letter. The version moves when the shape does, so that a
 * worker of another release says so instead of guessing.
 */

const jsonObject = z.record(z.string(), z.unknown())

const payload = z.object({
  v: z.literal(1),
  generation: z.number().int().min(0),
  delivery: z.object({
    id: z.string().min(1).max(64),
    tenantId: z.string().min(1),
    connectionId: z.string().min(1),
    platform: z.string().min(1),
    batchId: z.string().optional(),
    batchIndex: z.number().int().min(0).optional(),
    receivedAt: z.number(),
    deadlineAt: z.number(),
    event: z.object({
      event_id: z.string().min(1),
      event_name: z.string().min(1),
      event_time: z.number(),
      action_source: z.string(),
      event_source_url: z.string().optional(),
      referrer_url: z.string().optional(),
      user: jsonObject,
      custom_data: jsonObject,
      consent: jsonObject,
      app_data: jsonObject.optional(),
      test_event_code: z.string().optional(),
    }),
  }),
})

export interface JobPayload {
  readonly v: 1
  /** 0 for a delivery from the door, 1 for its first replay, … */
  readonly generation: number
  readonly delivery: Delivery
}

export const createPayload = (delivery: Delivery, generation = 0): JobPayload => ({ v: 1, generation, delivery })

/** Undefined where zod itself throws: its length checks look into an object that stands where a text is due, and its `length` may be one that no number can be had of. */
function safeParse(data: unknown) {
  try {
    return payload.safeParse(data)
  } catch {
    return undefined
  }
}

/** The payload of a job, or the path and reason of the first fault; never a value. */
export function readPayload(
  data: unknown,
): { readonly ok: true; readonly payload: JobPayload } | { readonly ok: false; readonly path: string; readonly reason: string } {
  const result = safeParse(data)
  if (result === undefined) return { ok: false, path: '', reason: 'unreadable' }
  if (result.success) return { ok: true, payload: result.data as unknown as JobPayload }
  const issue = result.error.issues[0]
  return { ok: false, path: issue?.path.join('.') ?? '', reason: issue?.code ?? 'unreadable' }
}
