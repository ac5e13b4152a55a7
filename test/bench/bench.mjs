// `npm run bench -- NAME`: runs test/bench/NAME.mjs against dist; without a name all of them.
import fs from 'node:fs'

const all = fs
  .readdirSync(new URL('.', import.meta.url))
  .filter((name) => name.endsWith('.mjs') && name !== 'bench.mjs')
  .map((name) => name.slice(0, -4))
const wanted = process.argv.slice(2)
const unknown = wanted.find((name) => !all.includes(name))
if (unknown !== undefined) throw new TypeError(`bench: got ${unknown}, wants one of ${all.join(', ')}`)
for (const name of wanted.length > 0 ? wanted : all) {
  console.log(`# ${name}`)
  await import(`./${name}.mjs`)
}
