// A CLI that starts a detached child, and then: leave, stay (until killed) or deaf (to SIGTERM).
import { detachedSpawn } from '../../dist/platform/detached-spawn.js'

const fs = process.getBuiltinModule('node:fs')
const script = new URL('stay.cjs', import.meta.url).pathname
detachedSpawn({ script, args: [], variables: { FOLDER: process.env.FOLDER }, boxSeconds: 20 })
fs.writeFileSync(`${process.env.FOLDER}/cli.pid`, String(process.pid))
console.log('done')
if (process.argv[2] === 'deaf') process.on('SIGTERM', () => {})
if (process.argv[2] !== 'leave') setInterval(() => {}, 1000)
