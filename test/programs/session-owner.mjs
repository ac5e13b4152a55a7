// A tracer that has started nothing: opens a session, enrols a process as its target (itself, unless told), traces it until killed.
import { readCountersAtStart } from '../../dist/session/counters-at-start.js'
import { openSessionDirectory } from '../../dist/session/session-directory.js'
import { startTracing, traceTargetFromPid } from '../../dist/tracer/tracer.js'

const [root, sessionId, attribution = 'null', targetPid = String(process.pid)] = process.argv.slice(2)
const pid = Number(targetPid)
const start_ts = new Date().toISOString()
const directory = openSessionDirectory({ root, sessionId, attribution: JSON.parse(attribution), sink: null })
const { comm, starttimeTicks } = traceTargetFromPid(pid)
directory.enrol({
  pid,
  starttime_ticks: starttimeTicks,
  comm,
  expected_comm: 'node',
  start_ts,
  trace_status: 'full',
  counters: readCountersAtStart(pid),
})
const tracing = startTracing(traceTargetFromPid(pid), { onSnapshot: (row) => directory.append(row) })
process.stdout.write(`ready ${directory.degraded}\n`)
setInterval(() => tracing.snapshotNow(), 1)
