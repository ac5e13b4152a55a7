/** What ends a command and its surroundings does not end the reporter; what ends the reporter too does not end the event. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { probeProcess } from '../../src/platform/process-instance.ts'
import { anHourLater, reporterProcesses, runCommand } from '../support/acme.ts'
import { type FakePostHog, startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Gate, startGate } from '../support/gate.ts'
import { type Home, makeHome } from '../support/home.ts'
import { openPane, type Pane } from '../support/pane.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const NODE = process.execPath
const STAYS = program('stays.mjs')
const MANY_MS = 90_000

interface Scene {
  readonly home: Home
  readonly posthog: FakePostHog
  /** Between the reporter and PostHog, shut. */
  readonly gate: Gate
  readonly env: Record<string, string>
}

interface Pids {
  readonly host: number
  readonly sibling: number
}

interface Surroundings {
  readonly name: string
  /** Programs it needs. */
  readonly needs?: readonly string[]
  /** Starts the host in them, once its reporter stands at the gate ends them, and resolves when that is done. */
  readonly end: (scene: Scene) => Promise<unknown>
  /** What becomes of a child of the host that is not detached. */
  readonly sibling: 'dies' | 'lives'
}

async function makeScene(): Promise<Scene> {
  const home = makeHome()
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  const gate = await startGate(posthog)
  onTestFinished(() => {
    if (!existsSync(`${home.path}/pids`)) return
    for (const pid of Object.values(readPids(home))) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return { home, posthog, gate, env: home.env({ POSTHOG: gate.url, TERM: 'xterm', SHELL: '/bin/bash' }) }
}

function lacking(needs: readonly string[]): string | undefined {
  return needs.find((name) => !(process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, name))))
}

function isAlive(pid: number): boolean {
  return !/[ZX]/.test(probeProcess(pid)?.state ?? 'X')
}

function pidsOf({ home }: Scene): Promise<Pids> {
  return waitUntil('the host has said who it is', () => (existsSync(`${home.path}/pids`) ? readPids(home) : null))
}

function readPids({ path }: Home): Pids {
  return JSON.parse(readFileSync(`${path}/pids`, 'utf8')) as Pids
}

/** The host is where it was meant to be, and its reporter stands at the gate. */
async function underWay(scene: Scene): Promise<Pids> {
  await scene.gate.reached()
  return pidsOf(scene)
}

function ignoresHangUp(pid: number): boolean {
  const ignored = /^SigIgn:\s*(\w+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${ignored}`) & 1n) === 1n
}

function makePane({ home, env }: Scene, command: string): Pane {
  return openPane(command, { folder: home.path, env })
}

const everySurroundings: readonly Surroundings[] = [
  {
    name: 'Ctrl-C in a terminal',
    needs: ['tmux'],
    sibling: 'dies',
    end: async (scene) => {
      const pane = makePane(scene, `${NODE} ${STAYS} stays`)
      await underWay(scene)
      pane.type('C-c')
    },
  },
  {
    name: 'a terminal that is closed',
    needs: ['tmux'],
    sibling: 'dies',
    end: async (scene) => {
      const pane = makePane(scene, `${NODE} ${STAYS} stays`)
      await underWay(scene)
      pane.kill()
    },
  },
  {
    name: 'a terminal that is closed on nohup',
    needs: ['tmux', 'nohup', 'bash'],
    sibling: 'dies', // libuv puts SIGHUP back to its default in every child, as Node has done for itself
    end: async (scene) => {
      const pane = makePane(scene, 'bash --noprofile --norc -i') // somebody has to hold the terminal open
      pane.type(`nohup ${NODE} ${STAYS} stays`, 'Enter')
      await underWay(scene)
      expect(reporterProcesses(scene.home).filter(({ pid }) => ignoresHangUp(pid))).toEqual([])
      pane.kill()
    },
  },
  {
    name: 'a pseudo-terminal that returns (script -qc)',
    needs: ['script'],
    sibling: 'dies',
    end: async ({ env }) => {
      const { code, stdout } = await start('script', ['-qec', `${NODE} ${STAYS} leaves`, '/dev/null'], { env }).finished
      expect([code, stdout]).toEqual([0, 'done\r\n'])
    },
  },
  {
    name: 'timeout -k, on a host that ignores SIGTERM',
    needs: ['timeout'],
    sibling: 'dies',
    end: async (scene) => {
      const running = start('timeout', ['-k', '1', '2', NODE, STAYS, 'stubborn'], { env: scene.env })
      await underWay(scene)
      expect(await running.finished).toMatchObject({ code: null, signal: 'SIGKILL' }) // its whole group, itself in it
    },
  },
  {
    name: 'SIGKILL to the process group',
    sibling: 'dies',
    end: async (scene) => {
      const running = start(NODE, [STAYS, 'stays'], { env: scene.env, detached: true })
      await underWay(scene)
      process.kill(-running.pid, 'SIGKILL')
      await running.finished
    },
  },
  {
    name: 'a log-in shell that hangs up on its jobs (huponexit)',
    needs: ['tmux', 'bash'],
    sibling: 'dies',
    end: async (scene) => {
      const pane = makePane(scene, 'bash --noprofile --login -i')
      pane.type(`shopt -s huponexit; ${NODE} ${STAYS} stays &`, 'Enter')
      await underWay(scene)
      pane.type('exit', 'Enter')
    },
  },
  {
    name: 'an interactive shell whose command is over',
    needs: ['tmux', 'bash'],
    sibling: 'lives', // a shell hangs up on jobs, and the job is over
    end: async (scene) => {
      const pane = makePane(scene, 'bash --noprofile --norc -i')
      pane.type(`${NODE} ${STAYS} leaves`, 'Enter')
      await underWay(scene)
      pane.type('exit', 'Enter')
    },
  },
]

describe.each(everySurroundings)('$name', ({ needs = [], sibling, end }) => {
  const lacks = lacking(needs)
  test.skipIf(lacks !== undefined)(
    `ends the host${sibling === 'dies' ? ' and its other children' : ''}; the reporter lives on and delivers${lacks === undefined ? '' : ` (needs ${lacks})`}`,
    async () => {
      const scene = await makeScene()
      await end(scene)
      const pids = await underWay(scene)
      await waitUntil('the host has ended', () => !isAlive(pids.host))
      if (sibling === 'dies') await waitUntil('its sibling has ended', () => !isAlive(pids.sibling))
      else expect(isAlive(pids.sibling)).toBe(true)
      expect(reporterProcesses(scene.home).map(({ program: name }) => name)).toContain('node')
      await expectDelivery(scene)
    },
    MANY_MS,
  )
})

describe('whoever waits for the command does not wait for the reporter', () => {
  test('npm run', async () => {
    const scene = await makeScene()
    const cwd = makeProject(scene)
    const end = await start('npm', ['run', '--silent', 'it'], { cwd, env: scene.env }).finished
    await expectReturned(scene, end)
  })

  test('npx of a local package', async () => {
    const scene = await makeScene()
    const cwd = makeProject(scene)
    const env = { ...scene.env, npm_config_update_notifier: 'false' } // it would speak on stderr
    const end = await start('npx', ['--no', 'acme'], { cwd, env }).finished
    await expectReturned(scene, end)
  })

  const lacks = lacking(['bash'])
  test.skipIf(lacks !== undefined)(`$(cli)${lacks === undefined ? '' : ' (needs bash)'}`, async () => {
    const walls: Record<'on' | 'off', number[]> = { on: [], off: [] }
    for (let round = 0; round < 5; round++) {
      for (const which of round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const)) {
        const scene = await makeScene()
        const script = `t0=$EPOCHREALTIME; x=$('${NODE}' '${program('command.mjs')}' ok); t1=$EPOCHREALTIME; echo "$x $t0 $t1"`
        const env = { ...scene.env, ...(which === 'off' ? { DO_NOT_TRACK: '1' } : {}) }
        const { stdout } = await start('bash', ['-c', script], { env }).finished
        const [said, t0, t1] = stdout.trim().split(' ')
        expect(said).toBe('done')
        walls[which].push((Number(t1) - Number(t0)) * 1000)
        if (which === 'off') continue
        // It was not even at the gate, or stands there still.
        expect(reporterProcesses(scene.home).length).toBeGreaterThan(0)
        await scene.gate.reached()
        await expectDelivery(scene)
      }
    }
    const [on, off] = [median(walls.on), median(walls.off)]
    console.log(`$(cli): ${Math.round(on)} ms, with telemetry off ${Math.round(off)} ms`)
    expect(on).toBeLessThan(off + 1000) // a reporter at a shut gate lives for more than five seconds
  })
})

/** The ways to end everything: what is left is the file. */
const everyEnd: readonly {
  readonly name: string
  readonly lacks: string | null
  readonly end: (scene: Scene, endpoint: string, reached: () => Promise<unknown>) => Promise<unknown>
}[] = [
  {
    name: 'a pid namespace whose first process, the command itself, ends',
    lacks: lacksNamespaces(),
    end: async ({ env }, endpoint) => {
      const args = ['-pf', '--kill-child', NODE, program('command.mjs'), 'ok']
      const { code, stdout } = await start('unshare', args, { env: { ...env, POSTHOG: endpoint } }).finished
      expect([code, stdout]).toEqual([0, 'done\n'])
    },
  },
  {
    name: 'a pid namespace whose first process ends while the reporter waits for an answer',
    lacks: lacksNamespaces(),
    end: async ({ env, home }, endpoint, reached) => {
      const script = `'${NODE}' '${program('command.mjs')}' ok; read -r line; exit 0`
      const args = ['-pf', '--kill-child', 'sh', '-c', script]
      const running = start('unshare', args, { env: { ...env, POSTHOG: endpoint }, open: true })
      await reached()
      expect(reporterProcesses(home).length).toBeGreaterThan(0)
      running.child.stdin?.end('\n')
      expect(await running.finished).toMatchObject({ code: 0 })
    },
  },
  {
    name: 'a cgroup that is killed (cgroup.kill)',
    lacks: lacksCgroup(),
    end: async ({ env, home }, endpoint, reached) => {
      const group = makeCgroup() ?? ''
      onTestFinished(() => waitUntil('the cgroup is removed', () => removed(group)).then(() => undefined))
      const script = `echo $$ > '${group}/cgroup.procs'; '${NODE}' '${program('command.mjs')}' ok; exec sleep 60`
      const running = start('sh', ['-c', script], { env: { ...env, POSTHOG: endpoint } })
      await reached()
      expect(reporterProcesses(home).length).toBeGreaterThan(0)
      writeFileSync(`${group}/cgroup.kill`, '1')
      expect(await running.finished).toMatchObject({ signal: 'SIGKILL' })
    },
  },
]

describe.each(everyEnd)('$name', ({ lacks, end }) => {
  test.skipIf(lacks !== null)(
    `ends the reporter too; the event waits, and the next run sends it under the same uuid${lacks === null ? '' : ` (${lacks})`}`,
    async () => {
      const scene = await makeScene()
      const { home, posthog } = scene
      const hole = await startBlackHole()
      onTestFinished(() => hole.close())
      await end(scene, hole.url, () => waitUntil('the reporter asks', () => hole.connections() > 0))
      // Long before its time.
      await waitUntil('the reporter is dead', () => home.reporters().length === 0, { timeoutMs: 4000 })
      const [waiting, ...more] = home.pending()
      expect(more).toEqual([])
      expect(waiting).toMatchObject({ event: 'CLI execution succeeded', properties: { outcome: 'ok' } })
      expect(home.inFlight()).toEqual([])

      anHourLater(home)
      await runCommand(home, posthog.url)
      await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 2)
      expect(posthog.acceptedByUuid.get(waiting?.uuid ?? '')).toMatchObject({
        count: 1,
        event: { timestamp: waiting?.timestamp, distinct_id: waiting?.distinct_id },
      })
      await home.quiet()
      expect(home.pending()).toEqual([])
    },
    MANY_MS,
  )
})

/** The gate opens: one event, once, and then nobody is left. */
async function expectDelivery({ home, posthog, gate }: Scene): Promise<void> {
  expect(posthog.connections).toBe(0)
  gate.open()
  await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length > 0)
  await home.quiet()
  expect(posthog.acceptedEvents.map(({ event, properties }) => [event, properties['outcome']])).toEqual([
    ['CLI execution succeeded', 'ok'],
  ])
  expect(home.pending()).toEqual([])
}

async function expectReturned(
  scene: Scene,
  { code, stdout, stderr }: { readonly code: number | null; readonly stdout: string; readonly stderr: string },
): Promise<void> {
  expect([code, stdout, stderr]).toEqual([0, 'done\n', ''])
  expect(reporterProcesses(scene.home).length).toBeGreaterThan(0)
  await scene.gate.reached()
  await expectDelivery(scene)
}

/** A package whose script and whose program are the host. */
function makeProject({ home }: Scene): string {
  const path = `${home.path}/project`
  const bin = `${path}/node_modules/.bin`
  mkdirSync(bin, { recursive: true })
  writeFileSync(`${path}/package.json`, JSON.stringify({ name: 'it', scripts: { it: `'${NODE}' '${STAYS}' leaves` } }))
  writeFileSync(`${path}/acme.sh`, `#!/bin/sh\nexec '${NODE}' '${STAYS}' leaves\n`, { mode: 0o755 })
  symlinkSync('../../acme.sh', `${bin}/acme`)
  return path
}

function lacksNamespaces(): string | null {
  try {
    execFileSync('unshare', ['-pf', '--kill-child', 'true'], { stdio: 'ignore' })
    return null
  } catch {
    return 'needs unshare and the right to pid namespaces'
  }
}

function lacksCgroup(): string | null {
  const group = makeCgroup()
  if (group === null) return 'needs a cgroup v2 that may be written'
  rmdirSync(group)
  return null
}

/** A cgroup of this test's own, empty; null where none may be made, or killed. */
function makeCgroup(): string | null {
  for (const root of ['/sys/fs/cgroup', '/sys/fs/cgroup/unified']) {
    const group = `${root}/afterword-test-${process.pid}`
    if (!existsSync(`${root}/cgroup.controllers`)) continue
    try {
      mkdirSync(group)
    } catch {
      continue // not ours to make
    }
    if (existsSync(`${group}/cgroup.kill`)) return group
    rmdirSync(group)
  }
  return null
}

function removed(group: string): boolean {
  try {
    rmdirSync(group)
  } catch {
    // its dead are still being buried
  }
  return !existsSync(group)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
