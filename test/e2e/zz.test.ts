import { startSystem } from '/work/main/test/support/system.ts'
import { openShop, purchase } from '/work/main/test/support/shop.ts'
import { it } from 'vitest'
it('x', async () => {
  let t = performance.now()
  const lap = (s: string) => { console.log(s, Math.round(performance.now() - t)); t = performance.now() }
  const system = await startSystem(); lap('start')
  const shop = await openShop(system, 'acme', 1); lap('shop')
  await shop.send(purchase('single')); lap('send')
  await system.untilQuiet(10000); lap('quiet')
  await system[Symbol.asyncDispose](); lap('stop')
  console.log(system.logs.slice(-12).join('\n'))
})
