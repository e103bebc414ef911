/** The currencies that TikTok takes, a part of ISO 4217 (events and parameters page as transcribed in bububa/tiktok-business `model/event/track.go`, read 2026-11-24). */
export const TIKTOK_CURRENCIES: ReadonlySet<string> = new Set(
  (
    'AED ARS AUD BDT BHD BIF BOB BRL CAD CHF CLP CNY COP CRC CZK DKK DZD EGP EUR GBP GTQ HKD HNL HUF IDR ILS INR ISK JPY KES KHR KRW KWD ' +
    'KZT MAD MOP MXN MYR NGN NIO NOK NZD OMR PEN PHP PKR PLN PYG QAR RON RUB SAR SEK SGD THB TRY TWD UAH USD VES VND ZAR'
  ).split(' '),
)
