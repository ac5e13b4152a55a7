// argv: a state directory, 'reporter' or 'all'. One pass of the recovery; prints its CPU and wall time, and what it found.
import { recoverSessions } from 'afterword/session'

const everything = process.argv[3] === 'all' ? { sessionsMax: 10_000, budgetMs: 60_000 } : {}
const cpu = process.cpuUsage()
const begin = performance.now()
const counts = await recoverSessions({ directory: process.argv[2], ...everything })
const { user, system } = process.cpuUsage(cpu)
console.log(JSON.stringify({ cpuMs: (user + system) / 1e3, wallMs: performance.now() - begin, counts }))
