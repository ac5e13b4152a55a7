// A tracer without a workload: opens a session, enrols itself as the target, appends rows; ends as it is told, or when killed.
import { openSessionDirectory } from '../../dist/session/session-directory.js'
import { probeProcess } from '../../dist/platform/process-instance.js'

const [root, sessionId, attribution = 'null', targetPid = String(process.pid), rows = 'for-ever'] =
  process.argv.slice(2)
const pid = Number(targetPid)
const start_ts = new Date().toISOString()
const { startTicks } = probeProcess(pid)
const directory = openSessionDirectory({ root, sessionId, attribution: JSON.parse(attribution), sink: null })
directory.enrol({ pid, starttime_ticks: startTicks, comm: 'node', start_ts, trace_status: 'full', counters: {} })
let seq = 0
const append = () => {
  const captured_at = new Date().toISOString()
  directory.append({
    event: 'snapshot',
    seq: seq++,
    captured_at,
    starttime_ticks: startTicks,
    comm: 'node',
    vm_rss_kb: 1000 + seq,
  })
}
append()
process.stdout.write(`ready ${directory.degraded}\n`)
if (rows === 'for-ever') setInterval(append, 1)
