/** Homes in which so and so much waits. Everything is a copy of what the package itself has written once, under other names. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { emptyFolder, makeContender, pretendReporter, telemetry } from './world.mjs'

/** Event files in `folder`, as many as `count` and the template no more: what else is there goes. Only what is missing is written. */
export function keepFiles(folder, template, count) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const wanted = new Set(Array.from({ length: count }, (_, index) => `${renamed(template.uuid, index)}.json`))
  const there = new Set(readdirSync(folder))
  for (const name of there) if (!wanted.has(name)) rmSync(join(folder, name), { force: true })
  for (const name of wanted) {
    const text = template.text.replaceAll(template.uuid, basename(name, '.json'))
    if (!there.has(name)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  }
}

/** An event of the tracked command, as it waits: `{ uuid, text }`. */
export async function waitingEvent(world, subreaper) {
  const about = { id: 'template', script: 'tracked.mjs', before: pretendReporter, afterMs: 0 }
  const contender = await makeContender(world, subreaper, about)
  await contender.act()
  const folder = join(telemetry(contender.home), 'pending')
  const names = readdirSync(folder).filter((each) => each.endsWith('.json'))
  if (names.length !== 1) throw new Error(`making an event that waits: got ${names.length} in ${folder}, wants 1`)
  return { uuid: basename(names[0], '.json'), text: readFileSync(join(folder, names[0]), 'utf8') }
}

/** `count` copies of one session's directory, in `folder` alone. `left`: as a killed tracer leaves it. */
export function keepSessions(folder, from, count, { left }) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  emptyFolder(folder)
  const id = basename(from)
  const files = readdirSync(from).filter((name) => !left || name !== 'summary.json')
  const texts = files.map((name) => [name, readFileSync(join(from, name), 'utf8')])
  for (let index = 0; index < count; index++) {
    const own = renamed(id, index)
    cpSync(from, join(folder, own), { recursive: true, filter: (path) => path === from })
    for (const [name, text] of texts) writeFileSync(join(folder, own, name), text.replaceAll(id, own), { mode: 0o600 })
  }
}

/** The same moment, another event. */
const renamed = (uuid, index) => `${uuid.slice(0, -12)}${index.toString(16).padStart(12, '0')}`
