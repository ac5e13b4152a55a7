/** `afterword sessions`: what people read of a session that went wrong, and of sessions whose tracer was killed. */
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { uuid7 } from '../../src/events/uuid7.ts'
import type { SessionSummary } from '../../src/session/summary.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, type Running, start } from '../support/run.ts'
import { afterword, BIN } from './program.ts'

function columnsOf(text: string): readonly (readonly string[])[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/))
}

/**
 * A session in which too many files are opened, and which a fault ends. It computes for 150 ms: a kernel that counts
 * processor time by its ticks may miss the whole of a start that takes 30. When rows are taken is the tracer's choice, and on
 * a slow machine it takes few: the workload follows its own trace, through a descriptor among those it opens, and ends when
 * two rows came after the one that shows them.
 */
async function faultySession(home: Home): Promise<SessionSummary> {
  const faulty = `
    const fs = require('node:fs')
    const live = '${home.layout.sessions}/live'
    const trace = fs.openSync(live + '/' + fs.readdirSync(live)[0] + '/proc_trace.jsonl')
    let seen = ''
    const rows = () => (seen += fs.readFileSync(trace)).split('\\n').slice(0, -1).map((line) => JSON.parse(line))
    const follow = () => {
      if (rows().filter(({ fd_count }) => fd_count > 55).length > 2) process.kill(process.pid, 'SIGSEGV')
    }
    setTimeout(() => {
      for (let n = 0; n < 43; n++) fs.openSync('/dev/null')
      for (const end = performance.now() + 150; performance.now() < end; );
      setInterval(follow, 20)
    }, 250)`
  const limits = 'ulimit -c 0; ulimit -n 64; exec "$0" "$@"'
  const words = [process.execPath, BIN, 'trace', '--no-pty', '--', process.execPath, '-e', faulty]
  expect((await start('sh', ['-c', limits, ...words], { env: home.env() }).finished).signal).toBe('SIGSEGV')
  return JSON.parse((await afterword(home, 'sessions list --json')).stdout) as SessionSummary
}

test('sessions show draws memory and CPU with a mark at each anomaly, and lists them', async () => {
  const home = makeHome('afterword')
  const { session_id, anomaly_count, peak_rss_kb, snapshot_count } = await faultySession(home)
  const { stdout } = await afterword(home, `sessions show ${session_id.slice(0, 24)}`)
  const [head = '', memory = '', cpu = '', list = ''] = stdout.split('\n\n')
  expect(columnsOf(head)).toEqual(
    expect.arrayContaining([
      ['session id', session_id],
      ['peak rss', `${peak_rss_kb} KiB`],
      ['anomaly count', `${anomaly_count}`],
      ['termination', 'signaled'],
      ['exit code', '139 (SIGSEGV)'],
      ['tracked process', 'node'],
    ]),
  )
  for (const [text, title] of [
    [memory, /^memory, at most \d+ KiB$/],
    [cpu, /^cpu, at most \d+ % of a core$/],
  ] as const) {
    const [line = '', drawn = '', below = ''] = text.split('\n')
    expect(line).toMatch(title)
    expect(drawn).toMatch(/^[ ▁▂▃▄▅▆▇█]+$/)
    expect(drawn).toContain('█')
    expect(drawn).toHaveLength(Math.min(snapshot_count, 78))
    // Neither at the first look: it opened its files later, and ended last of all.
    expect(below).toMatch(/^ +\^[ ^]*\^$/)
    expect(below.length).toBeLessThanOrEqual(drawn.length)
  }
  expect(columnsOf(list)).toEqual(
    expect.arrayContaining([
      ['warning', 'fd_high', expect.stringMatching(/^\d\d of 64 descriptors$/) as unknown],
      ['critical', 'crash_signal', 'ended by SIGSEGV'],
    ]),
  )
})

test('sessions show --markdown has the table, folds the anomalies, and gives the last ten snapshots', async () => {
  const home = makeHome('afterword')
  const { session_id, anomaly_count, snapshot_count } = await faultySession(home)
  const { stdout } = await afterword(home, `sessions show ${session_id} --markdown`)
  expect(stdout).toContain('| Termination | signaled |\n| Exit code | 139 (SIGSEGV) |\n| Tracked process | node |')
  const [, anomalies = '', snapshots = ''] = stdout.split('<details>\n')
  expect(anomalies).toMatch(
    new RegExp(`^<summary>Anomalies \\(${anomaly_count}\\)</summary>\n\n\\| kind \\| severity \\| detail \\|\n`),
  )
  expect(anomalies).toContain('| crash_signal | critical | ended by SIGSEGV |\n')
  expect(anomalies).toMatch(/\| fd_high \| warning \| \d\d of 64 descriptors \|\n/)
  expect(anomalies).toContain('</details>')
  const last = Math.min(10, snapshot_count)
  expect(snapshots).toMatch(new RegExp(`^<summary>Last ${last} snapshots</summary>\n\n\`\`\`json\n`))
  const rows = snapshots.split('\n').filter((line) => line.startsWith('{'))
  expect(rows.map((row) => (JSON.parse(row) as { seq: number }).seq)).toEqual(
    Array.from({ length: last }, (_, index) => snapshot_count - last + index),
  )
  expect(stdout).not.toMatch(/openSync|\/tmp|\.afterword/)
})

/** Two that were killed, one that lives, one torn, one that is none of ours. */
async function leftSessions(home: Home): Promise<{ readonly dead: readonly string[]; readonly living: Running }> {
  const owners = [1, 2, 3, 4].map(() => {
    const id = uuid7(Date.now())
    const args = [program('session-owner.mjs'), home.layout.sessions, id]
    return { id, running: start(process.execPath, args, { env: home.env() }) }
  })
  await Promise.all(owners.map(({ running }) => running.said('ready null')))
  const [living, ...others] = owners
  if (living === undefined) throw new Error('four were started')
  for (const { running } of others) {
    running.child.kill('SIGKILL')
    await running.finished
  }
  const [torn, ...dead] = others.map(({ id }) => id)
  fs.writeFileSync(`${home.layout.sessions}/live/${torn}/session.json`, '{"schema')
  fs.mkdirSync(`${home.layout.sessions}/live/notes`)
  return { dead, living: living.running }
}

test('sessions recover says each verdict, how often, and what was done; and then what is left', async () => {
  const home = makeHome('afterword')
  const { dead, living } = await leftSessions(home)
  const first = await afterword(home, 'sessions recover')
  expect([first.code, first.stderr]).toEqual([0, ''])
  expect(columnsOf(first.stdout)).toEqual([
    ['2', 'recovered', 'tracer and workload are gone: summary written'],
    ['1', 'live', 'its tracer answers: left'],
    ['1', 'foreign', 'no private directory of ours, named by a UUID: left for a day, then set aside'],
    ['1', 'torn', 'its session.json cannot be read: left for a day, then set aside'],
  ])
  const listed = (await afterword(home, 'sessions list --json')).stdout.trim().split('\n')
  const summaries = listed.map((line) => JSON.parse(line) as SessionSummary)
  expect(summaries.map(({ session_id }) => session_id).sort()).toEqual([...dead].sort())
  expect(summaries.map(({ recovered, exit_code }) => [recovered, exit_code])).toEqual([
    [true, -1],
    [true, -1],
  ])
  const { stdout } = await afterword(home, `sessions show ${dead[0]}`)
  expect(stdout).toMatch(/^termination +crashed \(recovered\)$/m)
  living.child.kill('SIGKILL')
  await living.finished
  const again = await afterword(home, 'sessions recover --json')
  expect(JSON.parse(again.stdout)).toEqual({ recovered: 1, foreign: 1, torn: 1 })
})

test('sessions recover with nothing there says so', async () => {
  const home = makeHome('afterword')
  expect((await afterword(home, 'sessions recover')).stdout).toBe('Nothing to recover\n')
  expect((await afterword(home, 'sessions recover --json')).stdout).toBe('{}\n')
})

test('sessions recover that can write nothing says failed, exits with 1, and another time takes it', async () => {
  const home = makeHome('afterword')
  const { dead } = await leftSessions(home)
  const recovering = `${home.layout.sessions}/recovering`
  fs.writeFileSync(recovering, 'in the way')
  const blocked = await afterword(home, 'sessions recover')
  expect(blocked.code).toBe(1)
  expect(columnsOf(blocked.stdout)).toContainEqual(['2', 'failed', 'could not be written: tried again later'])
  fs.rmSync(recovering)
  const { stdout } = await afterword(home, 'sessions recover --json')
  expect(JSON.parse(stdout)).toMatchObject({ recovered: dead.length })
})
