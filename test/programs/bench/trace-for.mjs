// argv: a pid, rows a second, seconds to settle, seconds to measure. Traces it for so long. Prints the share of a core and the rows of the
// latter, and the CPU of the former, ms. Into that falls what comes once: the start, what V8 compiles because of 200 rows at once (else 5 ms
// here and there in the first minute), and its one collection 8 or 16 s later, 25 ms. Pid 0: a timer of that rate.
import { setTimeout as after } from 'node:timers/promises'
import { startTracing, traceTargetFromPid } from 'afterword/tracer'

const [pid, hz, settleS, seconds] = process.argv.slice(2).map(Number)
const intervalMs = 1000 / hz
const rate = { intervalMs, slowIntervalMs: intervalMs, burstIntervalMs: intervalMs, ownCpuShare: 1 }
const start = process.cpuUsage()
let rows = 0
const tracing = pid === 0 ? null : startTracing(traceTargetFromPid(pid), { ...rate, onSnapshot: () => rows++ })
const timer = pid === 0 ? setInterval(() => rows++, intervalMs) : undefined
for (let row = 0; row < 200; row++) tracing?.snapshotNow()
await after(settleS * 1000)
const [settled, rowsBefore, begin] = [process.cpuUsage(), rows, performance.now()]
await after(seconds * 1000)
const [end, passedMs] = [process.cpuUsage(), performance.now() - begin]
const cpuMs = (from, to) => (to.user + to.system - from.user - from.system) / 1e3
clearInterval(timer)
tracing?.stop()
console.log(
  JSON.stringify({ share: cpuMs(settled, end) / passedMs, rows: rows - rowsBefore, settleMs: cpuMs(start, settled) }),
)
