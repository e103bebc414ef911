import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'

const isPresent = (value: JsonValue | undefined): value is JsonValue =>
  value !== undefined && !(isJsonObject(value) && Object.keys(value).length === 0)

const presentValue = (value: JsonValue | undefined): JsonValue | undefined => {
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((entry) => presentValue(entry) ?? null)
  return isJsonObject(value) ? present(value) : value
}

/** The same object without what is undefined and without objects that have nothing in them, all the way down: absent is absent, not empty. */
export const present = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object)
      .map(([key, value]) => [key, presentValue(value)] as const)
      .filter(([, value]) => isPresent(value)),
  )
