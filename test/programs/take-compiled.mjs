// Whether what a reporter kept at argv[2] would be given to V8: as it is, and with one of its argv[3] bytes flipped, 60 times. Runs nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import vm from 'node:vm'

const given = []
vm.Script = class {
  cachedDataRejected = false
  constructor(_, { cachedData }) {
    given.push(cachedData !== undefined)
  }
  runInThisContext() {
    return () => undefined
  }
}
const { loadCompiled } = await import('../../dist/reporter/compiled-code.js')
const file = new URL('../../dist/reporter/perform.cjs', import.meta.url).pathname
const [, , path, size] = process.argv
const whole = readFileSync(path)
loadCompiled(file, dirname(path))
console.log(given.pop() ? 'whole: taken' : 'whole: not taken')
for (let turn = 0; turn < 60; turn++) {
  const flipped = Buffer.from(whole)
  flipped[Math.floor((turn * Number(size)) / 60)] ^= 1 << (turn % 8)
  writeFileSync(path, flipped)
  loadCompiled(file, dirname(path))
}
console.log(`60 flipped: ${given.filter(Boolean).length} taken`)
