// Recovers what it finds, and says which sessions it spoke for.
import { recoverSessions } from '../../dist/session/recovery.js'

const sink = ({ uuid }) => process.stdout.write(`${uuid}\n`)
await recoverSessions({ directory: process.argv[2], sink, sessionsMax: 1000, budgetMs: 60_000 })
