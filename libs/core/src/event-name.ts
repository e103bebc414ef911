/** Canonical names are Meta's standard names (meta.md section 5). */
export const CANONICAL_EVENT_NAMES = [
  'Purchase',
  'InitiateCheckout',
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'ViewContent',
  'Search',
  'CompleteRegistration',
  'Lead',
  'StartTrial',
  'PageView',
  'Subscribe',
  'Contact',
  'Schedule',
  'SubmitApplication',
  'FindLocation',
  'CustomizeProduct',
  'Donate',
] as const
export type CanonicalEventName = (typeof CANONICAL_EVENT_NAMES)[number]

/** GA4's and Segment's names for the same things; case-sensitive. */
const ALIASES: Readonly<Record<string, CanonicalEventName>> = {
  purchase: 'Purchase',
  'Order Completed': 'Purchase',
  begin_checkout: 'InitiateCheckout',
  'Checkout Started': 'InitiateCheckout',
  add_payment_info: 'AddPaymentInfo',
  'Payment Info Entered': 'AddPaymentInfo',
  add_to_cart: 'AddToCart',
  'Product Added': 'AddToCart',
  add_to_wishlist: 'AddToWishlist',
  'Product Added to Wishlist': 'AddToWishlist',
  view_item: 'ViewContent',
  'Product Viewed': 'ViewContent',
  search: 'Search',
  view_search_results: 'Search',
  'Products Searched': 'Search',
  sign_up: 'CompleteRegistration',
  'Signed Up': 'CompleteRegistration',
  generate_lead: 'Lead',
  'Trial Started': 'StartTrial',
  page_view: 'PageView',
}

const canonical: ReadonlySet<string> = new Set(CANONICAL_EVENT_NAMES)

export const isCanonicalEventName = (name: string): name is CanonicalEventName => canonical.has(name)

/** An alias becomes its canonical name; every other name stays as it is. */
export const canonicalEventName = (name: string): string => (Object.hasOwn(ALIASES, name) ? ALIASES[name]! : name)
