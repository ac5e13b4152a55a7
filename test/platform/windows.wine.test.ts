/** The built package on Windows (Wine's): files, locks, the reporter, the box, shims. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { spoolLayout } from '../../src/spool/spool-layout.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { waitUntil } from '../support/wait-until.ts'
import {
  endWine,
  folderOfThisTest,
  onWindows,
  reasonIfNoWine,
  runWindowsNode,
  WINDOWS_DIST,
  WINDOWS_NODE,
  type WindowsRun,
  windowsPrograms,
  wine,
} from '../support/wine.ts'

const KILL_ON_JOB_CLOSE = 0x2000
const BREAKAWAY_OK = 0x0800
const NOBODY = 'http://127.0.0.1:9'

describe.skipIf(wine === null)(`the package on Windows${reasonIfNoWine}`, () => {
  const program = wine === null ? String : windowsPrograms()
  afterAll(endWine)

  function stateOfThisTest(): { readonly directory: string; readonly layout: ReturnType<typeof spoolLayout> } {
    const directory = join(folderOfThisTest(), '.acme')
    const layout = spoolLayout(directory)
    // A reporter that still lingers would write into what is being removed.
    onTestFinished(() =>
      waitUntil('the reporter has left', () => !existsSync(layout.reporterLock)).then(() => undefined),
    )
    return { directory, layout }
  }

  function command(directory: string, host: string, act: string, principal?: string): Promise<WindowsRun> {
    const args = [program('command.mjs'), WINDOWS_DIST, onWindows(directory), host, act]
    return runWindowsNode(principal === undefined ? args : [...args, principal])
  }

  async function posthogOfThisTest(): Promise<FakePostHog> {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    return posthog
  }

  function statusOf(run: WindowsRun): { identity: { kind: string; anonId: string }; outcomes: Record<string, number> } {
    expect(run).toMatchObject({ code: 0, stderr: '' })
    return JSON.parse(run.stdout) as ReturnType<typeof statusOf>
  }

  it('20 racing first commands agree on one identity, and each is recorded', async () => {
    const { directory, layout } = stateOfThisTest()
    const runs = await Promise.all(Array.from({ length: 20 }, () => command(directory, NOBODY, 'run')))
    const ids = new Set(runs.map((run) => statusOf(run).identity.anonId))
    expect([...ids]).toEqual([(JSON.parse(readFileSync(layout.usage, 'utf8')) as { anon_id: string }).anon_id])
    expect(readdirSync(layout.pending)).toHaveLength(20)
    expect(readdirSync(directory).sort()).toEqual(['telemetry', 'usage.json'])
  })

  it('20 racing logins and logouts leave usage.json whole, and every reader saw it whole', async () => {
    const posthog = await posthogOfThisTest()
    const { directory, layout } = stateOfThisTest()
    statusOf(await command(directory, posthog.url, 'run'))
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        n % 4 === 3
          ? command(directory, posthog.url, 'run')
          : command(directory, posthog.url, n % 2 === 0 ? 'login' : 'logout', `user-${n}`),
      ),
    )
    for (const run of runs) expect(statusOf(run)).toMatchObject({ outcomes: { recorded: 1 } })
    expect(JSON.parse(readFileSync(layout.usage, 'utf8'))).toMatchObject({
      anon_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    expect(readdirSync(directory).filter((name) => name.includes('damaged'))).toEqual([])
    const commands = (): readonly string[] =>
      [...posthog.acceptedByUuid.values()].map(({ event }) => event.event).filter((event) => event !== '$create_alias')
    await posthog.waitFor(() => commands().length === 21, { timeoutMs: 30_000 })
    // Waiting for the lock they lived on for up to two seconds: none may be taken for dead.
    expect(new Set(commands())).toEqual(new Set(['CLI execution succeeded']))
    await waitUntil('the spool is empty', () => readdirSync(layout.pending).length === 0)
  })

  it('the reporter delivers, empties the spool, and gives the lock back', async () => {
    const posthog = await posthogOfThisTest()
    const { directory, layout } = stateOfThisTest()
    statusOf(await command(directory, posthog.url, 'run'))
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 1, { timeoutMs: 20_000 })
    expect(posthog.acceptedEvents[0]).toMatchObject({
      event: 'CLI execution succeeded',
      properties: { os_type: 'Windows_NT', delivery: 'detached', command_name: 'toolkit.run' },
    })
    await waitUntil('the reporter has left', () => !readdirSync(layout.telemetry).includes('reporter.lock'))
    expect(readdirSync(layout.pending)).toEqual([])
    expect(readdirSync(layout.inFlight)).toEqual([])
    expect(JSON.parse(readFileSync(layout.reporterState, 'utf8'))).toMatchObject({ end: 'done', accepted: 1 })
    expect(readFileSync(layout.journal, 'utf8')).toContain('accepted')
  })

  it('the reporter outlives a job that lets it go, and delivers', async () => {
    const posthog = await posthogOfThisTest()
    posthog.respond({ delayMs: 500 })
    const { directory } = stateOfThisTest()
    await commandInJob(KILL_ON_JOB_CLOSE | BREAKAWAY_OK, directory, posthog.url)
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 1, { timeoutMs: 20_000 })
  })

  it('a job that kills it leaves the event in the spool, and the next command outside delivers both', async () => {
    const posthog = await posthogOfThisTest()
    const { directory, layout } = stateOfThisTest()
    await commandInJob(KILL_ON_JOB_CLOSE, directory, posthog.url)
    expect(readdirSync(layout.pending)).toHaveLength(1)
    // The lock of the killed one is stale after twelve seconds; nobody waits for them here.
    const before = new Date(Date.now() - 60_000)
    if (existsSync(layout.reporterLock)) utimesSync(layout.reporterLock, before, before)
    statusOf(await command(directory, posthog.url, 'run'))
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 2, { timeoutMs: 20_000 })
  })

  async function commandInJob(limits: number, directory: string, host: string): Promise<void> {
    const argv = [WINDOWS_NODE, program('command.mjs'), WINDOWS_DIST, onWindows(directory), host, 'run']
    const run = await runWindowsNode([program('job-runner.cjs'), JSON.stringify({ jobs: [limits], argv })])
    expect(run).toMatchObject({ code: 0, stderr: '' })
  }

  it('an endpoint that is down leaves the event, the back-off, and no lock', async () => {
    const { directory, layout } = stateOfThisTest()
    mkdirSync(layout.debug, { recursive: true })
    statusOf(await command(directory, NOBODY, 'run'))
    // Seen once in vain, and why was not known: the host's and the reporter's own words say it.
    const told = (): string =>
      readFileSync(join(layout.debug, 'log.txt'), 'utf8') + readdirSync(layout.telemetry).join(' ')
    await waitUntil('the reporter has noted why', () => existsSync(layout.reporterState)).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${told()}`)
    })
    await waitUntil('the reporter has left', () => !readdirSync(layout.telemetry).includes('reporter.lock'))
    expect(readdirSync(layout.pending)).toHaveLength(1)
    expect(readFileSync(layout.backoff, 'utf8')).toContain('not_before')
  })

  it('a lock is held while it is young, and taken over when it is stale', async () => {
    const posthog = await posthogOfThisTest()
    const { directory, layout } = stateOfThisTest()
    mkdirSync(layout.telemetry, { recursive: true })
    writeFileSync(layout.reporterLock, '{"token":"another"}\n')
    statusOf(await command(directory, posthog.url, 'run'))
    expect(posthog.connections).toBe(0)
    const before = new Date(Date.now() - 60_000)
    utimesSync(layout.reporterLock, before, before)
    statusOf(await command(directory, posthog.url, 'run'))
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 2, { timeoutMs: 20_000 })
  })

  it.each(['loop', 'atomics', 'regexp', 'idle'])('the box ends a process that hangs in: %s', async (how) => {
    const run = await runWindowsNode([program('blocked.mjs'), WINDOWS_DIST, '1500', how])
    expect(run.code).not.toBe(0)
    expect(run.wallMs).toBeGreaterThan(1_000)
    expect(run.wallMs).toBeLessThan(5_000) // a start under Wine on a busy machine is part of it
  })

  describe('resolveNodeCommand()', () => {
    interface Resolved {
      readonly argv: readonly string[]
      readonly status: number | null
      readonly stdout: string
      readonly error?: string
      readonly bare?: string
    }

    const RECORDINGS = new URL('../recordings/windows-shims/', import.meta.url).pathname

    /** A `nodejs` folder as the installer leaves it, and a project with shims; both on the PATH. */
    async function resolved(name: string, ...args: readonly string[]): Promise<Resolved & { readonly root: string }> {
      const root = folderOfThisTest()
      const nodejs = join(root, 'nodejs')
      mkdirSync(join(nodejs, 'node_modules'), { recursive: true })
      try {
        linkSync(join(wine as string, 'node.exe'), join(nodejs, 'node.exe'))
      } catch {
        copyFileSync(join(wine as string, 'node.exe'), join(nodejs, 'node.exe')) // another file system
      }
      cpSync(join(RECORDINGS, 'npm-10.9.4'), nodejs, { recursive: true })
      symlinkSync(
        join(dirname(realpathSync(process.execPath)), '../lib/node_modules/npm'),
        join(nodejs, 'node_modules/npm'),
      )
      cpSync(join(RECORDINGS, 'corepack-0.34.7'), nodejs, { recursive: true })
      const bin = join(root, 'bin')
      cpSync(join(RECORDINGS, 'cmd-shim-9.0.2'), bin, { recursive: true })
      copyFileSync(join(RECORDINGS, 'pnpm-cmd-shim-7.0.0/playwright.cmd'), join(bin, 'playwright.cmd'))
      const echo = 'console.log(JSON.stringify(process.argv.slice(2)))'
      for (const script of [
        'node_modules/prettier/bin/prettier.cjs',
        'node_modules/playwright/cli.js',
        'node_modules/flagged/cli.js',
        'nodejs/node_modules/corepack/dist/yarn.js',
        'nodejs/node_modules/corepack/dist/pnpm.js',
      ]) {
        mkdirSync(dirname(join(root, script)), { recursive: true })
        writeFileSync(join(root, script), echo)
      }
      const result = join(root, 'result.json')
      // Wine takes WINEPATH for the front of Windows' PATH.
      const path = { WINEPATH: [bin, nodejs].map(onWindows).join(';') }
      const run = await runWindowsNode([program('resolve.mjs'), WINDOWS_DIST, onWindows(result), name, ...args], path)
      expect(run).toMatchObject({ code: 0, stderr: '' })
      return { ...(JSON.parse(readFileSync(result, 'utf8')) as Resolved), root }
    }

    it.each(['prettier', 'playwright', 'flagged', 'yarn', 'pnpm'])(
      '%s runs without a shell, its arguments whole',
      async (name) => {
        const args = ['a b', '"q"\\', '%PATH%', '&calc', '']
        const { argv, status, stdout, bare, root } = await resolved(name, ...args)
        expect(argv[0]).toBe(onWindows(join(root, 'nodejs', 'node.exe')))
        expect(status).toBe(0)
        expect(JSON.parse(stdout)).toEqual(args)
        expect(bare).toMatch(/^(ENOENT|EINVAL)$/) // what a spawn of the bare name comes to
      },
    )

    it.each(['npm', 'npx'])('%s of a Node installation says its version', async (name) => {
      const { status, stdout } = await resolved(name, '--version')
      expect({ status, stdout: stdout.trim() }).toEqual({ status: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+$/) })
    })

    it('node is node.exe, and what is not there stays a bare name whose spawn says ENOENT', async () => {
      const node = await resolved('node', '--version')
      expect(node).toMatchObject({ status: 0, argv: [onWindows(join(node.root, 'nodejs', 'node.exe')), '--version'] })
      expect(await resolved('no-such-tool', 'x')).toMatchObject({ argv: ['no-such-tool', 'x'], error: 'ENOENT' })
    })

    it('a shim that cannot be followed is refused by spawn, not run by a shell', async () => {
      expect(await resolved('envy')).toMatchObject({ status: null, error: 'EINVAL' })
    })
  })
})
