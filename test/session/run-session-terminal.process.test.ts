/** `runSession()` on a real terminal: whether the workload gets one of its own, and what comes through. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { SessionOptions } from '../../src/session/session-options.ts'
import { makeHome } from '../support/home.ts'
import { openPane } from '../support/pane.ts'
import { expectNobodyLeft } from '../support/processes.ts'
import { program } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const missing = ['tmux', 'script'].find(
  (name) => !(process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name))),
)

/** Runs a session in a pane, with these redirections; resolves with the files `result` and `seen`, and with what is on the screen. */
async function inTerminal(options: Partial<SessionOptions>, line: string, redirections = '') {
  const home = makeHome()
  onTestFinished(() => expectNobodyLeft(home.path))
  const whole: SessionOptions = { command: 'sh', args: ['-c', line], ...options }
  const words = JSON.stringify(whole).replaceAll("'", `'\\''`)
  const host = `tty > tty; ${process.execPath} ${program('run-session.mjs')} '${words}' --to result ${redirections}`
  const pane = openPane(`${host}; exec sleep 600`, { folder: home.path, env: home.env({ TERM: 'xterm' }) })
  const read = (name: string): string | null =>
    existsSync(`${home.path}/${name}`) ? readFileSync(`${home.path}/${name}`, 'utf8') : null
  const result = await waitUntil('the session is over', () => read('result'), { timeoutMs: 60_000 })
  return {
    result: JSON.parse(result) as { termination: string; stdout: string; signalExact: boolean },
    terminal: read('tty'),
    seen: read('seen'),
    screen: pane.screen(),
  }
}

describe.skipIf(missing !== undefined)(`runSession() in a terminal (${missing ?? 'nothing'} is missing)`, () => {
  test('auto gives the workload a terminal of its own when stdin, stdout and stderr are one terminal', async () => {
    const { terminal, seen, screen, result } = await inTerminal(
      { stdio: 'inherit' },
      'tty > seen; stty size >> seen; echo out',
    )
    expect(seen).toMatch(/^\/dev\/pts\/\d+\n24 80\n$/)
    expect(seen).not.toContain(terminal)
    expect(screen).toMatch(/^out$/m)
    expect(result).toMatchObject({ termination: 'natural_exit', stdout: '' })
  })

  test.each([
    ['stdin is a file', { stdio: 'inherit' }, '</dev/null'],
    ['stdout is a file', { stdio: 'inherit' }, '>out'],
    ['stderr is a file', { stdio: 'inherit' }, '2>err'],
    ['its output is captured', { stdio: 'capture' }, ''],
    ['it was told not to', { stdio: 'inherit', pty: false }, ''],
  ] as const)('the workload gets no terminal of its own when %s', async (_, options, redirections) => {
    const { terminal, seen } = await inTerminal(options, 'ps -o tty= -p $$ > seen', redirections)
    expect(`/dev/${seen?.trim()}`).toBe(terminal?.trim())
  })

  test('a marker is found behind the terminal of its own, and what is on the screen is what was written', async () => {
    const { result, screen, seen } = await inTerminal(
      { stdio: 'inherit', completionMarker: 'all done', limits: { idleOutputMs: 60_000 } },
      'tty > seen; printf "one\\ntwo  \\033[1mbold\\033[0m\\n"; printf "all "; printf "done\\n"; exit 5',
    )
    expect(screen).toMatch(/^one\ntwo {2}bold\nall done$/m)
    expect(seen).toMatch(/^\/dev\/pts/)
    expect(result).toMatchObject({ returncode: 5, channelConfirmation: 'channel_a' })
    expect(result.stdout).toBe('one\r\ntwo  \u001b[1mbold\u001b[0m\r\nall done\r\n')
  })
})
