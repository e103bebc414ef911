import { isJsonObject, type JsonObject, type JsonValue } from '@relay/core/json'
import type { Platform } from '@relay/platforms/contract'

/** One field to ask for, or to show as a placeholder. */
export interface FormField {
  /** `credentials.access_token`, as faults and refusals name it. */
  readonly path: string
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  /** JSON Schema's word for it; `string` where it has none. */
  readonly type: string
}

type Schema = Pick<Platform['credentials'], 'toJSONSchema'>

/** The forms that a schema accepts, read from its own descriptions: one, or one per branch of a union (a token, or a client with its secret). */
export function formsOf(root: string, schema: Schema): FormField[][] {
  const described = schema.toJSONSchema({ io: 'input', unrepresentable: 'any' }) as JsonObject
  const branches = [described['anyOf'], described['oneOf']].find((list): list is readonly JsonValue[] => Array.isArray(list))
  return (branches ?? [described]).filter(isJsonObject).map((branch) => fieldsOf(root, branch))
}

/** In one line: the schema's own words, else its fields. */
export function summaryOf(schema: Schema): string {
  const { description } = schema.toJSONSchema({ io: 'input', unrepresentable: 'any' })
  const fields = everyField('', schema).map(({ name, isRequired }) => (isRequired ? name : `[${name}]`))
  return description ?? fields.join(', ')
}

/** All fields of all forms, each once. */
export function everyField(root: string, schema: Schema): FormField[] {
  const byPath = new Map(formsOf(root, schema).flatMap((form) => form.map((field) => [field.path, field] as const)))
  return [...byPath.values()]
}

function fieldsOf(root: string, schema: JsonObject): FormField[] {
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {}
  const required: readonly JsonValue[] = Array.isArray(schema['required']) ? schema['required'] : []
  return Object.entries(properties).map(([name, property]) => {
    const { description, type } = isJsonObject(property) ? property : {}
    return {
      path: `${root}.${name}`,
      name,
      description: typeof description === 'string' ? description : name.replaceAll('_', ' '),
      isRequired: required.includes(name),
      type: typeof type === 'string' ? type : 'string',
    }
  })
}

/** What was typed, as the field's type wants it; text that is no such JSON stays text, and the schema then says what is wrong. */
export function readTyped(field: Pick<FormField, 'type'>, text: string): JsonValue | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  if (field.type === 'string') return trimmed
  try {
    return JSON.parse(trimmed) as JsonValue
  } catch {
    return trimmed
  }
}
