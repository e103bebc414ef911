import type { ConnectionInput, InputFault } from '@relay/delivery/connection-draft'
import type { Checked, ProvisionRefusal } from '@relay/delivery/provision'
import type { Platform } from '@relay/platforms/contract'
import { everyField, type FormField, formsOf, readTyped } from './connection-form.ts'

/** The questions, so that tests can answer them. */
export interface Questions {
  secret(message: string): Promise<string>
  text(message: string): Promise<string>
  /** The index of the choice. */
  choose(message: string, choices: readonly string[]): Promise<number>
  /** Something to read, no question. */
  tell(message: string): void
}

type Group = 'credentials' | 'settings'
type Answers = Record<Group, Record<string, unknown>>

/**
 * Asks for a platform's credentials and for the settings it cannot do without, tries them, and asks again for whatever was wrong, until they pass
 * or the trouble is none that another answer would cure. Ctrl-C at a question ends it.
 */
export async function askConnection(
  questions: Questions,
  platform: Platform,
  attempt: (input: ConnectionInput) => Promise<Checked | ProvisionRefusal>,
  options: { readonly settings: boolean } = { settings: true },
): Promise<Checked | ProvisionRefusal> {
  const answers: Answers = { credentials: {}, settings: {} }
  for (const field of await chosenForm(questions, platform)) await ask(questions, answers, field)
  if (options.settings) await askNeededSettings(questions, platform, answers)
  for (;;) {
    const result = await attempt(answers)
    const faults = faultsOf(result)
    const again = faults.flatMap((fault) => fieldAt(platform, fault.path) ?? [])
    if (again.length === 0) return result
    for (const fault of faults) questions.tell(`${fault.path}: ${fault.message}`)
    for (const field of again) await ask(questions, answers, field)
  }
}

async function chosenForm(questions: Questions, platform: Platform): Promise<readonly FormField[]> {
  const forms = formsOf('credentials', platform.credentials)
  const [only] = forms
  if (forms.length === 1 && only !== undefined) return only
  const names = forms.map((form) => form.map((field) => field.name).join(', '))
  return forms[await questions.choose(`Which credentials of ${platform.id} do you have?`, names)] ?? []
}

/** The settings that the platform misses in an empty set; the others are for a file. */
async function askNeededSettings(questions: Questions, platform: Platform, answers: Answers): Promise<void> {
  const result = platform.settings.safeParse({})
  if (result.success) return
  for (const issue of result.error.issues) {
    const field = fieldAt(platform, `settings.${String(issue.path[0] ?? '')}`)
    if (field !== undefined && answers.settings[field.name] === undefined) await ask(questions, answers, field)
  }
}

async function ask(questions: Questions, answers: Answers, field: FormField): Promise<void> {
  const message = `${field.name}: ${field.description}`
  if (field.path.startsWith('credentials.')) {
    const secret = await questions.secret(message)
    if (secret !== '') answers.credentials[field.name] = secret
    else delete answers.credentials[field.name]
    return
  }
  answers.settings[field.name] = readTyped(field, await questions.text(message))
}

function fieldAt(platform: Platform, path: string): FormField | undefined {
  const [group, name] = path.split('.')
  if (group !== 'credentials' && group !== 'settings') return undefined
  return everyField(group, platform[group]).find((field) => field.name === name)
}

function faultsOf(result: Checked | ProvisionRefusal): readonly InputFault[] {
  if (result.kind === 'malformed') return result.faults
  if (result.kind !== 'refused') return []
  const { error_message: words, field } = result.report.details
  return [{ path: field, message: `${result.report.message}: ${words}` }]
}
