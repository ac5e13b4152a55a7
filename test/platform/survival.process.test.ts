/** Who outlives what: rows of docs/architecture.md, "Detaching", each with a real child, on Linux. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

interface Case {
  readonly folder: string
  readonly env: Record<string, string>
  /** Resolves with the child's pid once it runs. */
  readonly started: () => Promise<number>
  /** True once the child has answered, and left by itself. */
  readonly lives: () => Promise<boolean>
}

const NODE = process.execPath
const CLI = program('spawn-and-stay.mjs')

function caseOfThisTest(): Case {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? tmpdir(), 'survival-'))
  const seen = join(folder, 'seen.json')
  const go = join(folder, 'go')
  const pidOf = (): number => (JSON.parse(readFileSync(seen, 'utf8')) as { pid: number }).pid
  onTestFinished(async () => {
    writeFileSync(go, '')
    await waitUntil('the child has gone', () => processesWith(`FOLDER=${folder}`).length === 0)
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    folder,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, FOLDER: folder, TERM: 'xterm' },
    async started() {
      await waitUntil('the child runs', () => existsSync(seen))
      return pidOf()
    },
    async lives() {
      const pid = pidOf()
      expect(isAlive(pid)).toBe(true)
      writeFileSync(go, '')
      await waitUntil('it answers and leaves by itself', () => existsSync(join(folder, 'left')))
      return waitUntil('it has gone', () => !isAlive(pid))
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

/** Pids whose environment holds this text. */
function processesWith(text: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(text)
    } catch {
      return false // no process, ended, or another's
    }
  })
}

function has(tool: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0
}

describe('a detached child outlives', () => {
  it('a CLI that is killed with its whole process group', async () => {
    const { env, started, lives } = caseOfThisTest()
    const cli = start(NODE, [CLI, 'stay'], { env, detached: true })
    await started()
    process.kill(-cli.pid, 'SIGKILL')
    expect((await cli.finished).signal).toBe('SIGKILL')
    expect(await lives()).toBe(true)
  })

  it('`timeout -k`', async () => {
    const { env, started, lives } = caseOfThisTest()
    const ended = await start('timeout', ['-k', '0.2', '1', NODE, CLI, 'deaf'], { env }).finished
    expect(ended.code === 137 || ended.signal === 'SIGKILL').toBe(true)
    await started()
    expect(await lives()).toBe(true)
  })

  it.skipIf(!has('script'))('`script -qc` that returns', async () => {
    const { env, started, lives } = caseOfThisTest()
    const ended = await start('script', ['-qec', `${NODE} ${CLI} leave`, '/dev/null'], { env }).finished
    expect(ended.code).toBe(0)
    await started()
    expect(await lives()).toBe(true)
  })

  it.skipIf(!has('tmux'))('Ctrl-C in a tmux pane, and the pane', async () => {
    const { folder, env, started, lives } = caseOfThisTest()
    const tmux = (...args: readonly string[]): void => {
      const ran = spawnSync('tmux', ['-S', join(folder, 'tmux'), ...args], { env, encoding: 'utf8' })
      if (ran.status !== 0) throw new Error(`tmux ${args.join(' ')}: ${ran.stderr}`)
    }
    tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'acme', `sh -c 'trap "" INT; ${NODE} ${CLI} stay; cat'`)
    onTestFinished(() => void spawnSync('tmux', ['-S', join(folder, 'tmux'), 'kill-server'], { env }))
    await started()
    const cli = Number(readFileSync(join(folder, 'cli.pid'), 'utf8'))
    tmux('send-keys', '-t', 'acme', 'C-c')
    await waitUntil('Ctrl-C has ended the CLI', () => !isAlive(cli))
    tmux('kill-pane', '-t', 'acme')
    expect(await lives()).toBe(true)
  })

  it('`nohup`, and a shell that hangs up', async () => {
    const { env, started, lives } = caseOfThisTest()
    const line = `nohup ${NODE} ${CLI} leave; kill -HUP 0`
    await start('bash', ['-c', line], { env, detached: true }).finished
    await started()
    expect(await lives()).toBe(true)
  })

  it('`npm run`, which does not wait for it', async () => {
    const { folder, env, started, lives } = caseOfThisTest()
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { cli: `node ${CLI} leave` } }))
    const ended = await start('npm', ['run', '--silent', 'cli'], { env, cwd: folder }).finished
    expect(ended.code).toBe(0)
    await started()
    expect(await lives()).toBe(true)
  })

  it.each(['$(cli)', 'cli | cat'])('%s, which returns at once', async (how) => {
    const { env, started, lives } = caseOfThisTest()
    const cli = `${NODE} ${CLI} leave`
    const line = how === '$(cli)' ? `said="$(${cli})"; echo "$said"` : `${cli} | cat`
    const ended = await start('bash', ['-c', line], { env }).finished
    expect(ended).toMatchObject({ code: 0, stdout: 'done\n' })
    await started()
    expect(await lives()).toBe(true) // it stayed until now: nobody waited for it
  })
})

describe('a detached child dies with', () => {
  const canUnshare = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status === 0

  it.skipIf(!canUnshare)('its pid namespace (docker run)', async () => {
    const { env, started } = caseOfThisTest()
    const inside = `${NODE} ${CLI} leave; while [ ! -e "$FOLDER/seen.json" ]; do sleep 0.02; done`
    const ended = await start('unshare', ['--pid', '--fork', '--mount-proc', 'bash', '-c', inside], { env }).finished
    expect(ended.code).toBe(0)
    await started()
    expect(processesWith(`FOLDER=${env['FOLDER']}`)).toEqual([])
    expect(existsSync(join(env['FOLDER'] ?? '', 'left'))).toBe(false)
  })
})
