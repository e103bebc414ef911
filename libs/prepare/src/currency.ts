/** The shape of an ISO 4217 code in upper case, or undefined where the text has another one. */
export function currencyCode(currency: string | undefined): string | undefined {
  const code = currency?.trim().toUpperCase()
  return code !== undefined && /^[A-Z]{3}$/.test(code) ? code : undefined
}
