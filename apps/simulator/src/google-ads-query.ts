import type { Fields } from './fields.ts'

/** Rows of the two queries by which a client looks at an account; undefined for any other. Every action that is asked for exists, unless `isKnown` says no. */
export function answerQuery(query: string, customer: string, isKnown: (action: string) => boolean): readonly Fields[] | undefined {
  const from = /\bFROM\s+(\w+)/i.exec(query)?.[1]
  if (from === 'customer') {
    const conversionTrackingSetting = {
      googleAdsConversionCustomer: `customers/${customer}`,
      conversionTrackingStatus: 'CONVERSION_TRACKING_MANAGED_BY_SELF',
      acceptedCustomerDataTerms: true,
      enhancedConversionsForLeadsEnabled: true,
    }
    return [{ customer: { resourceName: `customers/${customer}`, id: customer, conversionTrackingSetting } }]
  }
  if (from !== 'conversion_action') return undefined
  const ids = /\bIN\s*\(([^)]*)\)/i.exec(query)?.[1]?.match(/\d+/g) ?? ['777']
  return ids.filter(isKnown).map((id) => ({
    conversionAction: {
      resourceName: `customers/${customer}/conversionActions/${id}`,
      id,
      name: `Action ${id}`,
      type: 'UPLOAD_CLICKS',
      status: 'ENABLED',
      category: 'PURCHASE',
    },
  }))
}
