// A recoverer: says `ready`, begins when its stdin ends, and prints the ids of the sessions that it has spoken for.
import { once } from 'node:events'
import { recoverSessions } from '../../dist/session/recovery.js'

const sink = ({ uuid }) => process.stdout.write(`${uuid}\n`)
process.stdout.write('ready\n')
await once(process.stdin.resume(), 'end')
await recoverSessions({ directory: process.argv[2], sink, sessionsMax: 1000, budgetMs: 60_000 })
