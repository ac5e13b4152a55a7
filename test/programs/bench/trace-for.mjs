// argv: a pid, rows a second, seconds. Traces it for so long; prints the share of a core and the rows. Pid 0: a timer of that rate alone.
import { setTimeout as after } from 'node:timers/promises'
import { startTracing, traceTargetFromPid } from 'afterword/tracer'

const [pid, hz, seconds] = process.argv.slice(2).map(Number)
const intervalMs = 1000 / hz
const cadence = { intervalMs, slowIntervalMs: intervalMs, burstIntervalMs: intervalMs, ownCpuShare: 1 }
const tracing = pid === 0 ? null : startTracing(traceTargetFromPid(pid), cadence)
const timer = pid === 0 ? setInterval(() => undefined, intervalMs) : undefined
await after(1000) // the first rows open the files and run cold code
const cpu = process.cpuUsage()
const begin = performance.now()
await after(seconds * 1000)
const { user, system } = process.cpuUsage(cpu)
const share = (user + system) / 1e3 / (performance.now() - begin)
clearInterval(timer)
console.log(JSON.stringify({ share, rows: tracing?.stop().snapshots.length ?? 0 }))
