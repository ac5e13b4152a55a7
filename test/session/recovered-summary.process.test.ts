/** What is said of sessions whose tracer is gone: the figures of the tracer itself, and the cause as far as anything tells it. */
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { probeProcess } from '../../src/platform/process-instance.ts'
import { recoverSessions } from '../../src/session/recovery.ts'
import type { SessionOptions } from '../../src/session/run-session.ts'
import { sessionsLayout } from '../../src/session/session-layout.ts'
import { parseSummary } from '../../src/session/summary.ts'
import { type Home, makeHome } from '../support/home.ts'
import { memoryGroup } from '../support/memory-group.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

function words(home: Home, options: SessionOptions): readonly string[] {
  return [program('run-session.mjs'), JSON.stringify({ directory: home.layout.directory, ...options })]
}

async function recovered(home: Home) {
  const counts = await recoverSessions({ directory: home.layout.directory })
  const { done } = sessionsLayout(home.layout.sessions)
  const [id = ''] = fs.readdirSync(done)
  const path = `${done}/${id}`
  return { counts, path, summary: parseSummary(fs.readFileSync(`${path}/summary.json`, 'utf8')) }
}

test('recoverSessions() says oom_killed when the cgroup of workload and owner has counted a kill, and both are dead', async (ctx) => {
  const group = memoryGroup(192)
  if (typeof group === 'string') return ctx.skip(group)
  const home = makeHome()
  // The first that the kernel takes; it begins to grow when it is told to.
  const grow = `
    echo 1000 > /proc/self/oom_score_adj; echo $$ > ${home.path}/new; mv ${home.path}/new ${home.path}/pid
    until [ -e ${home.path}/go ]; do sleep 0.02; done
    exec "$0" -e 'const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1))'`
  const options = words(home, { command: 'sh', args: ['-c', grow, process.execPath] })
  const owner = start('sh', ['-c', `echo $$ > ${group.procs} && exec "$0" "$@"`, process.execPath, ...options], {
    env: home.env(),
  })
  await waitUntil('the workload waits', () => fs.existsSync(`${home.path}/pid`))
  const workload = Number(fs.readFileSync(`${home.path}/pid`, 'utf8'))
  // It must not see the end that it is to leave to others.
  owner.child.kill('SIGSTOP')
  fs.writeFileSync(`${home.path}/go`, '')
  // Counted first, dead a little later.
  await waitUntil('the kernel has killed it', () => group.oomKills() > 0 && probeProcess(workload)?.state === 'Z')
  owner.child.kill('SIGKILL')
  await owner.finished
  const { counts, path, summary } = await recovered(home)
  expect(counts).toEqual({ recovered: 1 })
  expect(summary).toMatchObject({
    termination_reason: 'oom_killed',
    subtype: 'crashed',
    exit_code: -1,
    recovered: true,
    anomaly_kinds: expect.arrayContaining(['oom_killed']) as unknown,
  })
  expect(fs.readFileSync(`${path}/anomalies.jsonl`, 'utf8')).toContain('confirmed: killed for memory')
})

test('recoverSessions() finds in the rows what the tracer found in them', async () => {
  const home = makeHome()
  const hungry = `
    const fs = require('node:fs')
    for (let n = 0; n < 44; n++) fs.openSync('/dev/null')
    setTimeout(() => { process.title = 'hungry' }, 300)
    setTimeout(() => {}, 900)`
  const options = words(home, { command: process.execPath, args: ['-e', hungry] })
  const { code } = await start('sh', ['-c', 'ulimit -n 64; exec "$0" "$@"', process.execPath, ...options], {
    env: home.env(),
  }).finished
  expect(code).toBe(0)
  const { done, live } = sessionsLayout(home.layout.sessions)
  const [id = ''] = fs.readdirSync(done)
  const [told, anomalies] = ['summary.json', 'anomalies.jsonl'].map((name) =>
    fs.readFileSync(`${done}/${id}/${name}`, 'utf8'),
  )
  expect(parseSummary(told ?? '')).toMatchObject({
    anomaly_kinds: expect.arrayContaining(['fd_high']) as unknown,
    tracked_comm_drift: true,
  })
  // As if it had been killed before it could say so.
  fs.renameSync(`${done}/${id}`, `${live}/${id}`)
  for (const name of ['summary.json', 'anomalies.jsonl']) fs.rmSync(`${live}/${id}/${name}`)
  const { counts, path, summary } = await recovered(home)
  expect(counts).toEqual({ recovered: 1 })
  const { end_ts, duration_seconds } = summary ?? { end_ts: '', duration_seconds: 0 }
  expect(summary).toEqual({
    ...parseSummary(told ?? ''),
    end_ts,
    duration_seconds,
    exit_code: -1,
    subtype: 'crashed',
    termination_reason: 'crashed',
    recovered: true,
  })
  expect(fs.readFileSync(`${path}/anomalies.jsonl`, 'utf8')).toBe(anomalies)
})
