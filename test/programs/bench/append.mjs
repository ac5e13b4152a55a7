// The floor of recording: the event in a file of its own, nothing sent.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import 'empty-package'

await (async () => {})()
const folder = `${process.env.HOME}/appended`
mkdirSync(folder, { recursive: true, mode: 0o700 })
const event = { event: 'toolkit.run', properties: { version: '1.2.3' } }
writeFileSync(`${folder}/event.tmp`, `${JSON.stringify(event)}\n`, { flag: 'wx', mode: 0o600 })
renameSync(`${folder}/event.tmp`, `${folder}/${process.pid}.json`)
globalThis.afterCommand?.()
