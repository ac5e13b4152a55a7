import { execFileSync, type SpawnOptions } from 'node:child_process'
import dgram from 'node:dgram'
import { once } from 'node:events'
import { utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { currentInstance, probeProcess } from '../../src/platform/process-instance.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import {
  REPORTER_FILE,
  type ReporterProcess,
  reporterProcesses,
  reporterVariables,
  runCommand,
} from '../support/acme.ts'
import { startBlackHole, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { program, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const BOX_MS = REPORTER_LIMITS.exitMs
const SLACK_MS = 500
const COMMAND = program('command.mjs')

describe('the box', () => {
  it('ends every reporter ten seconds after its start, whatever it hangs on', { timeout: 60_000 }, async () => {
    const hole = await startBlackHole()
    const dns = await startDeadDns()
    onTestFinished(async () => {
      await hole.close()
      dns?.close()
    })
    const silent = (home: Home, options: { node?: readonly string[] } = {}): Promise<unknown> =>
      runCommand(home, hole.url, options)
    const withoutTimeout = ['--import', program('no-timeout.mjs')]

    const cases: Record<string, (home: Home) => Promise<Lives>> = {
      'an endpoint that accepts and never answers': async (home) => {
        await silent(home)
        return watch(home, ['timeout', 'node'])
      },
      'the same, without `timeout`': async (home) => {
        await silent(home, { node: withoutTimeout })
        return watch(home, ['node'])
      },
      'stopped for good': async (home) => {
        await silent(home)
        return watch(home, ['timeout', 'node'], ({ program: name, pid }) => {
          if (name === 'node') process.kill(pid, 'SIGSTOP')
        })
      },
      'a blocked loop under `timeout`': (home) => blocked(home, hole.url, 'loop', ['timeout', '-s', 'KILL', '10']),
      'a blocked loop, the watchdog alone': (home) => blocked(home, hole.url, 'loop'),
      'a wait without end, the watchdog alone': (home) => blocked(home, hole.url, 'wait'),
      'a read without end, the watchdog alone': (home) => blocked(home, hole.url, 'fifo'),
      ...(dns === null
        ? {}
        : {
            'name servers that never answer': async (home) => {
              await inMounts(home, dns.mounts)
              return watch(home, ['timeout', 'node'])
            },
            'name servers that never answer, without `timeout`': async (home) => {
              await inMounts(home, dns.mounts, withoutTimeout)
              return watch(home, ['node'])
            },
          }),
    }
    // All at once: they cost the time of one.
    const [lives, ends] = await Promise.all([
      Promise.all(Object.entries(cases).map(async ([name, run]) => [name, await run(makeHome())] as const)),
      Promise.all([
        stopAndContinue(makeHome(), hole.url, [], ['timeout', 'node']),
        stopAndContinue(makeHome(), hole.url, withoutTimeout, ['node']),
      ]),
    ])
    console.log(
      lives.map(([name, ages]) => `${name}: ${ages.map((a) => `${a.program} ${a.ms}`).join(', ')}`).join('\n'),
    )
    if (dns === null) console.log('skipped: name servers that never answer (needs root, unshare and mount)')
    const late = lives.filter(([, ages]) => ages.length === 0 || ages.some(({ ms }) => ms > BOX_MS + SLACK_MS))
    expect(late).toEqual([])
    // Stopped for longer than the box: gone as soon as they continue.
    expect(Math.max(...ends)).toBeLessThan(SLACK_MS)
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
})

type Lives = readonly { readonly program: string; readonly ms: number }[]

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

/** Waits until the reporters of `home` are gone; how old each was then. */
async function watch(
  home: Home,
  programs: readonly string[],
  act: (one: ReporterProcess) => void = () => undefined,
): Promise<Lives> {
  const found = await reportersOf(home, programs)
  for (const one of found) act(one)
  return Promise.all(
    found.map(async (one) => {
      let ms = 0
      await waitUntil(`${one.program} is gone`, () => {
        const age = one.ageMs()
        if (age !== null) ms = Math.round(age)
        return age === null
      })
      return { program: one.program, ms }
    }),
  )
}

/** The built reporter itself, its main thread blocked shortly after its start. */
async function blocked(home: Home, host: string, how: string, outside: readonly string[] = []): Promise<Lives> {
  const fifo = `${home.path}/fifo`
  execFileSync('mkfifo', [fifo])
  const variables = reporterVariables(home, host)
  const box = outside.length > 0 ? 'outside' : 'inside'
  const env = home.env({ ...variables, AFTERWORD_BOX: box, HOW: how, FIFO: fifo })
  const [command, ...args] = [...outside, process.execPath, '--require', program('block.cjs'), REPORTER_FILE]
  const options: SpawnOptions = { env, detached: true }
  const { finished } = start(command, args, options)
  const lives = await watch(home, outside.length > 0 ? ['timeout', 'node'] : ['node'])
  await finished
  return lives
}

/** How long they lived on after being continued. */
async function stopAndContinue(
  home: Home,
  url: string,
  node: readonly string[],
  programs: readonly string[],
): Promise<number> {
  await runCommand(home, url, { node })
  const found = await reportersOf(home, programs)
  for (const { pid } of found) process.kill(pid, 'SIGSTOP')
  await waitUntil('their time is over', () => found.every((one) => (one.ageMs() ?? Infinity) > BOX_MS + 1000))
  for (const { pid } of found) process.kill(pid, 'SIGCONT')
  const continuedAt = Date.now()
  await waitUntil('they are gone', () => found.every((one) => one.ageMs() === null))
  return Date.now() - continuedAt
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

async function inMounts(home: Home, mounts: string, node: readonly string[] = []): Promise<void> {
  const script = `${mounts} && exec "$@"`
  const env = home.env({ POSTHOG: 'http://telemetry.afterword-test.org' })
  const args = ['-m', 'sh', '-c', script, 'sh', process.execPath, ...node, COMMAND, 'ok']
  const { code, stderr } = await start('unshare', args, { env }).finished
  expect([code, stderr]).toEqual([0, ''])
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
