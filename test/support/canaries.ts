// Looks for values that must not be there, in every form in which a careless line of code would write them.

/** Text in which something may have leaked, and where it stands. */
export interface Surface {
  readonly name: string
  readonly text: string
}

const FOLDED_FORMS: readonly ((value: string) => string)[] = [
  (value) => value,
  encodeURIComponent,
  (value) => encodeURIComponent(value).replaceAll('%20', '+'),
  (value) => encodeURIComponent(encodeURIComponent(value)),
  // The inside of a JSON text, and of a JSON text inside of another.
  (value) => JSON.stringify(value).slice(1, -1),
  (value) => JSON.stringify(JSON.stringify(value)).slice(3, -3),
  (value) => value.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  (value) => Buffer.from(value).toString('hex'),
  // Without accents, as some platforms want names.
  (value) => value.normalize('NFD').replaceAll(/\p{M}/gu, ''),
]

/** Base64 of a value depends on where in its surroundings it begins: the part of each of the three that does not depend on them. */
function base64Forms(value: string): string[] {
  return [value, value.toLowerCase(), value.toUpperCase()].flatMap((cased) =>
    [0, 1, 2].flatMap((offset) => {
      const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(cased)])
      const whole = bytes.toString('base64').replaceAll('=', '')
      const certain = whole.slice(offset === 0 ? 0 : offset + 1, bytes.length % 3 === 0 ? undefined : -1)
      return [certain, certain.replaceAll('+', '-').replaceAll('/', '_')]
    }),
  )
}

/** Longer runs of digits are also looked for alone, as a phone or a date would be written without its signs. */
const MIN_DIGITS = 7

function digitsOf(value: string): string[] {
  const digits = value.replaceAll(/\D/g, '')
  return digits.length < MIN_DIGITS ? [] : [digits]
}

/** `<surface>: <canary> as <form>` for each form of a canary that stands in a surface. */
export function findLeaks(surfaces: readonly Surface[], canaries: Readonly<Record<string, string>>): string[] {
  const needles = Object.entries(canaries).map(([name, value]) => ({
    name,
    folded: [...new Set([...FOLDED_FORMS.map((form) => form(value)), ...digitsOf(value)].map((form) => form.toLowerCase()))],
    exact: [...new Set(base64Forms(value))],
  }))
  return surfaces.flatMap(({ name: surface, text }) => {
    const folded = text.toLowerCase()
    return needles.flatMap(({ name, folded: inAnyCase, exact }) => [
      ...inAnyCase.filter((form) => folded.includes(form)).map((form) => leak(surface, name, form, folded)),
      ...exact.filter((form) => text.includes(form)).map((form) => leak(surface, name, form, text)),
    ])
  })
}

function leak(surface: string, canary: string, form: string, text: string): string {
  const at = text.indexOf(form)
  return `${surface}: ${canary} as ${form} in …${text.slice(Math.max(0, at - 80), at + form.length + 40)}…`
}
