// Signs in as COUNT people of its own, one after the other, straight through the built change; prints each outcome.
import { createRequire } from 'node:module'

const { changeIdentity } = createRequire(import.meta.url)('../../dist/tracker/rare-changes.cjs')
const [usage, principal, count] = process.argv.slice(2)
const alias = { settle() {}, prepare: () => true, publish() {} }
for (let n = 0; n < Number(count); n++) {
  const toldAt = new Date(Date.now() + 3_600_000).toISOString() // a broken clock's: none of these is too late
  const event = { kind: 'signed-in', toldAt, principal: `${process.pid}-${n}`, credentialHash: null }
  const outcome = changeIdentity({ paths: { usage, principal }, event, waitMs: 20_000, allowed: () => true, alias })
  console.log(JSON.stringify(outcome))
}
