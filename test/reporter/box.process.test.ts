import { execFileSync } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { cpSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { currentInstance, probeProcess } from '../../src/platform/process-instance.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import {
  ageLock,
  endBackoff,
  isThere,
  REPORTER_FILE,
  type ReporterProcess,
  reporterProcesses,
  reporterVariables,
  runCommand,
} from '../support/acme.ts'
import { startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, runNode, start } from '../support/run.ts'
import { TIMED } from '../support/timed.ts'
import { waitUntil } from '../support/wait-until.ts'

const BOX_MS = REPORTER_LIMITS.exitMs
const SLACK_MS = 500
const COMMAND = program('command.mjs')
const WITHOUT_TIMEOUT = ['--import', program('no-timeout.mjs')]

describe('the box', () => {
  it('ends every reporter ten seconds after its start, whatever it hangs on', {
    ...TIMED,
    timeout: 90_000,
  }, async () => {
    const hole = await startBlackHole()
    onTestFinished(() => hole.close())
    const cases: Record<string, (home: Home) => Promise<Life>> = {}
    for (const box of BOXES) {
      cases[`an endpoint that accepts and never answers, ${box}`] = (home) => launched(home, box, hole.url).then(watch)
      for (const how of ['loop', 'wait', 'pattern', 'fifo'] as const) {
        cases[`${HANGS[how]}, ${box}`] = (home) => blocked(home, box, hole.url, how).then(watchToTheEnd)
        cases[`${HANGS[how]}, stopped for twice the box, ${box}`] = (home) =>
          blocked(home, box, hole.url, how).then(stopAndContinue)
      }
      cases[`an endpoint that never answers, stopped for twice the box, ${box}`] = (home) =>
        launched(home, box, hole.url).then(stopAndContinue)
    }
    // Where only a watchdog of its own stands guard, the same two are a later run's: below.
    cases[`${HANGS.early}, outside`] = (home) => blocked(home, 'outside', hole.url, 'early').then(watchToTheEnd)
    cases['stopped for good, outside'] = async (home) => {
      const found = await launched(home, 'outside', hole.url)
      for (const { program: name, pid } of found) if (name === 'node') process.kill(pid, 'SIGSTOP')
      return watchToTheEnd(found)
    }
    await expectBoxed(cases)
  })

  it('ends one that waits for three name servers which never answer', TIMED, async ({ skip }) => {
    const dns = await startDeadDns()
    if (dns === null) return skip('needs root, unshare and mount')
    onTestFinished(() => dns.close())
    const url = 'http://telemetry.afterword-test.org'
    await expectBoxed(
      Object.fromEntries(
        BOXES.map((box) => [`silent name servers, ${box}`, (home) => launched(home, box, url, dns.mounts).then(watch)]),
      ),
    )
  })

  it('costs the command nothing: as fast as with a healthy endpoint', async () => {
    const posthog = await startFakePostHog()
    const hole = await startBlackHole()
    onTestFinished(async () => {
      await posthog.close()
      await hole.close()
    })
    const walls: Record<'healthy' | 'silent', number[]> = { healthy: [], silent: [] }
    for (let round = 0; round < 10; round++) {
      const pair = [['healthy', posthog.url] as const, ['silent', hole.url] as const]
      for (const [which, url] of round % 2 === 0 ? pair : pair.toReversed()) {
        const home = makeHome() // each launches a reporter of its own
        walls[which].push((await runCommand(home, url)).wallMs)
        for (const { pid } of await reportersOf(home, ['node'])) process.kill(pid, 'SIGKILL')
        await home.quiet()
      }
    }
    const ratio = median(walls.silent) / median(walls.healthy)
    console.log(`wall, silent endpoint / healthy: ${ratio.toFixed(2)} (${Math.round(median(walls.healthy))} ms)`)
    expect(ratio).toBeLessThan(1.6)
  })
})

describe('a later run', () => {
  it.each([
    ['kills a reporter that outlived its lock', 0, true],
    ['spares a process that only has its pid', 1, false],
  ])('%s', async (_, otherTicks, killed) => {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const home = makeHome()
    await runCommand(home, posthog.url) // there is a home now
    await home.quiet()
    const survivor = start(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("here")'])
    await survivor.said('here')
    const ticks = probeProcess(survivor.pid)?.startTicks ?? 0
    const holder = { ...currentInstance(), pid: survivor.pid, start_ticks: ticks + otherTicks }
    writeFileSync(home.layout.reporterLock, `${JSON.stringify({ token: 'old', holder })}\n`)
    const old = new Date(Date.now() - REPORTER_LIMITS.lockStaleMs - 1000)
    utimesSync(home.layout.reporterLock, old, old)
    await runCommand(home, posthog.url)
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 2)
    const isGone = (): boolean => !/[RSD]/.test(probeProcess(survivor.pid)?.state ?? 'Z')
    if (killed) await waitUntil('it is gone', isGone)
    expect(isGone()).toBe(killed)
  })

  it.each<[string, (scene: Scene) => Promise<ReporterProcess>]>([
    ['hangs before its first line', hangsEarly],
    ['was stopped for good', isStopped],
  ])('kills a reporter without a clock outside that %s, and sends its event', async (_, makeSurvivor) => {
    const home = makeHome()
    const posthog = await startFakePostHog()
    const hole = await startBlackHole()
    onTestFinished(async () => {
      await posthog.close()
      await hole.close()
    })
    const survivor = await makeSurvivor({ home, hole: hole.url })
    const [waiting] = home.pending()
    // Whoever comes before the lock is stale leaves it alone.
    endBackoff(home)
    await runCommand(home, posthog.url)
    expect(survivor.ageMs()).not.toBeNull()
    expect(posthog.connections).toBe(0)
    ageLock(home, REPORTER_LIMITS.lockStaleMs + 1000)
    await runCommand(home, posthog.url)
    await waitUntil('it is gone', () => survivor.ageMs() === null, { timeoutMs: 3000 })
    await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === 3)
    expect(posthog.acceptedByUuid.get(waiting?.uuid ?? '')?.count).toBe(1)
    await home.quiet()
    expect(home.pending()).toEqual([])
  })
})

interface Scene {
  readonly home: Home
  readonly hole: string
}

/** A package whose reporter never comes to its first line. */
async function hangsEarly({ home, hole }: Scene): Promise<ReporterProcess> {
  const copy = `${home.path}/node_modules/afterword`
  cpSync(new URL('../../dist/', import.meta.url).pathname, `${copy}/dist`, { recursive: true })
  writeFileSync(`${copy}/package.json`, '{"type":"module"}')
  writeFileSync(`${copy}/dist/reporter/main.cjs`, 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)')
  const env = home.env({ POSTHOG: hole, PACKAGE: `${copy}/dist/index.js` })
  const { code, stderr } = await runNode([...WITHOUT_TIMEOUT, program('unharmed.mjs'), 'ok'], { env })
  expect(code, stderr).toBe(0)
  return onlyReporterOf(home)
}

/** Stopped with its watchdog, in the midst of a request. */
async function isStopped({ home, hole }: Scene): Promise<ReporterProcess> {
  await runCommand(home, hole, { node: WITHOUT_TIMEOUT })
  await waitUntil('it asks', () => isThere(home.layout.backoff)) // written before the first request
  const survivor = await onlyReporterOf(home)
  process.kill(survivor.pid, 'SIGSTOP')
  return survivor
}

async function onlyReporterOf(home: Home): Promise<ReporterProcess> {
  const [one, ...more] = await reportersOf(home, PROGRAMS.inside)
  if (one === undefined || more.length > 0) throw new Error(`${more.length} more than one reporter`)
  return one
}

/** What stands around a reporter: `timeout`, or its own watchdog alone. */
const BOXES = ['outside', 'inside'] as const
type Box = (typeof BOXES)[number]
const PROGRAMS: Record<Box, readonly string[]> = { outside: ['timeout', 'node'], inside: ['node'] }

/** Of test/programs/block.cjs. */
const HANGS = {
  loop: 'an endless loop',
  wait: 'a wait without end',
  pattern: 'a pattern that never matches',
  fifo: 'a read without end',
  early: 'a hang before the first line',
} as const

interface Life {
  /** How long after its deadline (or, later, after it was continued) the last process of the reporter was gone; negative: before. */
  readonly lateMs: number
  /** It could not have ended by itself. */
  readonly byBox: boolean
}

/** All at once: they cost the time of one. */
async function expectBoxed(cases: Readonly<Record<string, (home: Home) => Promise<Life>>>): Promise<void> {
  const lives = await Promise.all(
    Object.entries(cases).map(async ([name, run]) => ({ name, ...(await run(makeHome())) })),
  )
  console.log(lives.map(({ name, lateMs }) => `${name}: ${lateMs > 0 ? '+' : ''}${lateMs} ms`).join('\n'))
  expect(lives.filter(({ lateMs }) => lateMs > SLACK_MS)).toEqual([])
  // What cannot end by itself was ended by the box and by nothing else.
  expect(lives.filter(({ byBox, lateMs }) => byBox && lateMs < -SLACK_MS)).toEqual([])
}

async function reportersOf(home: Home, programs: readonly string[]): Promise<readonly ReporterProcess[]> {
  return waitUntil(
    `${programs.join(' and ')} live`,
    () => {
      const found = reporterProcesses(home)
      return programs.every((name) => found.some((one) => one.program === name)) && found
    },
    { timeoutMs: 8000 },
  )
}

/** The reporter of a command. */
async function launched(
  home: Home,
  box: Box,
  url: string,
  mounts: string | null = null,
): Promise<readonly ReporterProcess[]> {
  const node = box === 'inside' ? WITHOUT_TIMEOUT : []
  await (mounts === null ? runCommand(home, url, { node }) : runInMounts(home, url, mounts, node))
  return reportersOf(home, PROGRAMS[box])
}

/** The built reporter itself, its main thread blocked shortly after its start. */
async function blocked(
  home: Home,
  box: Box,
  host: string,
  how: keyof typeof HANGS,
): Promise<readonly ReporterProcess[]> {
  const fifo = `${home.path}/fifo`
  execFileSync('mkfifo', [fifo])
  const env = home.env({ ...reporterVariables(home, host), AFTERWORD_BOX: box, HOW: how, FIFO: fifo })
  const outside = box === 'outside' ? ['timeout', '-s', 'KILL', '10'] : []
  const [command, ...args] = [...outside, process.execPath, '--require', program('block.cjs'), REPORTER_FILE]
  start(command ?? '', args, { env, detached: true })
  return reportersOf(home, PROGRAMS[box])
}

/** Waits until all of them are gone. */
async function watch(found: readonly ReporterProcess[]): Promise<Life> {
  const ages = await Promise.all(
    found.map(async (one) => {
      let ms = 0
      await waitUntil(`${one.program} is gone`, () => {
        const age = one.ageMs()
        if (age !== null) ms = Math.round(age)
        return age === null
      })
      return ms
    }),
  )
  return { lateMs: Math.max(...ages) - BOX_MS, byBox: false }
}

async function watchToTheEnd(found: readonly ReporterProcess[]): Promise<Life> {
  return { ...(await watch(found)), byBox: true }
}

/** Stopped before anything could end them, for twice as long as they may live. */
async function stopAndContinue(found: readonly ReporterProcess[]): Promise<Life> {
  await waitUntil('they hang', () => found.every((one) => (one.ageMs() ?? 0) > 1500))
  for (const { pid } of found) process.kill(pid, 'SIGSTOP')
  const isOver = (one: ReporterProcess): boolean => (one.ageMs() ?? 0) > 2 * BOX_MS
  await waitUntil('their time is over twice', () => found.every(isOver), { timeoutMs: 40_000 })
  for (const { pid } of found) process.kill(pid, 'SIGCONT')
  const continuedAt = Date.now()
  await waitUntil('they are gone', () => found.every((one) => one.ageMs() === null))
  return { lateMs: Date.now() - continuedAt, byBox: true }
}

interface DeadDns {
  readonly mounts: string
  close(): void
}

/** Three name servers that take questions and never answer, and the shell words that make them the system's. Null: not to be had. */
async function startDeadDns(): Promise<DeadDns | null> {
  const servers = ['127.53.0.1', '127.53.0.2', '127.53.0.3']
  const sockets = servers.map(() => dgram.createSocket('udp4'))
  try {
    for (const [index, socket] of sockets.entries()) {
      socket.bind(53, servers[index])
      await once(socket, 'listening')
    }
    const { path } = makeHome('dns')
    writeFileSync(`${path}/resolv.conf`, servers.map((server) => `nameserver ${server}\n`).join(''))
    const mounts = `mount --bind ${path}/resolv.conf /etc/resolv.conf`
    execFileSync('unshare', ['-m', 'sh', '-c', mounts], { stdio: 'ignore' })
    return { mounts, close: () => sockets.forEach((socket) => socket.close()) }
  } catch {
    for (const socket of sockets) socket.close()
    return null
  }
}

async function runInMounts(home: Home, url: string, mounts: string, node: readonly string[]): Promise<void> {
  const script = `${mounts} && exec "$@"`
  const env = home.env({ POSTHOG: url })
  const args = ['-m', 'sh', '-c', script, 'sh', process.execPath, ...node, COMMAND, 'ok']
  const { code, stderr } = await start('unshare', args, { env }).finished
  expect([code, stderr]).toEqual([0, ''])
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
