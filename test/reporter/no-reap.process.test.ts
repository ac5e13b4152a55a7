/** A container whose PID 1 does not reap, for real: a pid namespace with an idle Node as its init. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { makeHome } from '../support/home.ts'
import { type Finished, program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0
const reason = canUnshare ? '' : ' (skipped: no pid namespace may be made here)'

describe.skipIf(!canUnshare)(`where PID 1 does not reap${reason}`, () => {
  it('the second reporter finds the zombie of the first; then one command a minute sends inline', async () => {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const home = makeHome()
    const init = await startInit()
    const run = async (): Promise<Finished> => {
      const entered = ['-t', String(init), '-p', '-m', process.execPath, program('command.mjs'), 'ok']
      const ended = await start('nsenter', entered, { env: home.env({ POSTHOG: posthog.url }) }).finished
      expect(ended).toMatchObject({ code: 0, stdout: 'done\n', stderr: '' })
      return ended
    }
    const reporterState = (): { leader: { pid: number }; started_at: string; end: string } =>
      JSON.parse(readFileSync(home.layout.reporterState, 'utf8')) as ReturnType<typeof reporterState>

    await run()
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 1)
    await home.quiet()
    const first = reporterState()
    expect(stateInside(init, first.leader.pid)).toBe('Z')

    const longAgo = new Date(Date.now() - 120_000).toISOString()
    writeFileSync(home.layout.reporterState, JSON.stringify({ ...first, started_at: longAgo }))
    await run()
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 2)
    await waitUntil('the second reporter has left its mark', () => home.files().includes('telemetry/no-reap.json'))
    await home.quiet()

    await run()
    expect(posthog.acceptedEvents.map((event) => event.properties['delivery'])).toEqual([
      'detached',
      'detached',
      'inline',
    ])
    await run()
    expect(home.pending()).toMatchObject([{ delivery: 'spool-only' }])
    expect(posthog.acceptedByUuid.size).toBe(3)
    expect(home.reporters()).toEqual([])
  })
})

/** Its pid as seen from outside. */
async function startInit(): Promise<number> {
  const args = [
    '--pid',
    '--fork',
    '--mount-proc',
    '--kill-child',
    process.execPath,
    '-e',
    'setInterval(() => {}, 1000)',
  ]
  const { pid } = start('unshare', args, { env: { PATH: process.env['PATH'] ?? '' } })
  return waitUntil('the init runs', () => {
    const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim())
    return child > 0 && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('setInterval') ? child : null
  })
}

function stateInside(init: number, pid: number): string {
  const stat = execFileSync('nsenter', ['-t', String(init), '-p', '-m', 'cat', `/proc/${pid}/stat`], {
    encoding: 'utf8',
  })
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3)
}
