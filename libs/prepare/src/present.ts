import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'

/** The same object without what is undefined and without objects that have nothing in them, all the way down: absent is absent, not empty. */
export function present(object: JsonObject): JsonObject {
  const kept: Record<string, JsonValue> = {}
  for (const key of Object.keys(object)) {
    const value = presentValue(object[key])
    if (value !== undefined && !(isJsonObject(value) && isEmpty(value))) define(kept, key, value)
  }
  return kept
}

function presentValue(value: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((entry) => presentValue(entry) ?? null)
  return isJsonObject(value) ? present(value) : value
}

function isEmpty(object: JsonObject): boolean {
  for (const key in object) if (Object.hasOwn(object, key)) return false
  return true
}

/** A key of a producer's may be `__proto__`, which an assignment would take for the prototype. */
function define(object: Record<string, JsonValue>, key: string, value: JsonValue): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  else object[key] = value
}
