/** The real thing, from the npm registry: what really happens when another runtime, or the program itself, is to run a reporter. */
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ROLE_VARIABLE } from '../../src/reporter/reporter-task.ts'
import { type FakeEvent, type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, start } from '../support/run.ts'
import { bun, deno, postject, reasonIfMissing } from '../support/runtimes.ts'

const PACKAGE = new URL('../../package.json', import.meta.url).pathname

async function posthogOfThisTest(): Promise<FakePostHog> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  return posthog
}

/** One command, and the event that a process of the same runtime has brought to the server. */
async function handedOff(command: string, args: readonly string[]): Promise<FakeEvent | undefined> {
  const posthog = await posthogOfThisTest()
  const home = makeHome()
  const env = home.env({ POSTHOG: posthog.url, DENO_DIR: join(home.path, 'deno') })
  const run = await start(command, args, { env }).finished
  expect(run).toMatchObject({ code: 0, stderr: '' })
  expect(run.stdout).toContain('{"recorded":1}')
  await posthog.waitFor(() => posthog.acceptedByUuid.size === 1)
  await home.quiet()
  expect(home.pending()).toEqual([])
  return posthog.acceptedEvents[0]
}

const BY_ITSELF = { event: 'CLI execution succeeded', properties: { delivery: 'detached' } }

describe('a reporter of the same runtime', () => {
  it.skipIf(bun === null)(`Bun delivers${reasonIfMissing(bun)}`, async () => {
    expect(await handedOff(bun as string, [program('any-runtime.mjs')])).toMatchObject(BY_ITSELF)
  })

  it.skipIf(deno === null)(`Deno delivers${reasonIfMissing(deno)}`, async () => {
    const args = ['run', '-A', '--quiet', program('any-runtime.mjs')]
    expect(await handedOff(deno as string, args)).toMatchObject(BY_ITSELF)
  })

  it.skipIf(bun === null)(
    `a compiled Bun program delivers, and does not run again${reasonIfMissing(bun)}`,
    async () => {
      const folder = temporaryFolder()
      const runs = join(folder, 'runs')
      const cli = join(folder, 'acme')
      const compiled = await start(
        bun as string,
        ['build', '--compile', program('single-executable.cjs'), '--outfile', cli],
        {
          env: { PATH: '/usr/bin:/bin', HOME: folder, TMPDIR: folder },
        },
      ).finished
      expect(compiled.code).toBe(0)
      const posthog = await posthogOfThisTest()
      const home = makeHome()
      const run = await start(cli, [], { env: home.env({ POSTHOG: posthog.url, RUNS: runs, PACKAGE }) }).finished
      expect(run).toMatchObject({ code: 0, stderr: '' })
      await posthog.waitFor(() => posthog.acceptedByUuid.size === 1)
      await home.quiet()
      expect(readFileSync(runs, 'utf8').split('\n')).toHaveLength(2)
    },
  )
})

describe.skipIf(postject === null)(`a single executable${reasonIfMissing(postject)}`, () => {
  let folder: string
  let cli: string

  beforeAll(() => {
    folder = temporaryFolder(false)
    cli = buildSingleExecutable(folder)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function run(home: Home, posthog: FakePostHog, added: Record<string, string> = {}): Promise<Finished> {
    const env = home.env({ POSTHOG: posthog.url, RUNS: join(home.path, 'runs'), PACKAGE, ...added })
    return start(cli, ['an', 'argument'], { env }).finished
  }

  function runsOf(home: Home): readonly string[] {
    return readFileSync(join(home.path, 'runs'), 'utf8').trim().split('\n')
  }

  it('is not run again, and the event waits in the spool for a Node that can send it', async () => {
    const posthog = await posthogOfThisTest()
    const home = makeHome()
    const ended = await run(home, posthog)
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(ended.stdout.split('\n')[1] ?? '')).toMatchObject({
      delivery: 'spool-only',
      outcomes: { recorded: 1 },
    })
    expect(runsOf(home)).toEqual([`${cli} an argument`])
    expect(home.reporters()).toEqual([])
    expect(home.pending()).toMatchObject([{ event: 'CLI execution succeeded', delivery: 'spool-only' }])
    const later = await start(process.execPath, [program('any-runtime.mjs')], {
      env: home.env({ POSTHOG: posthog.url }),
    }).finished
    expect(later.code).toBe(0)
    await posthog.waitFor(() => posthog.acceptedByUuid.size === 2)
    expect(runsOf(home)).toHaveLength(1)
  })

  it('records nothing and starts nothing when it is run in the role of a reporter', async () => {
    const posthog = await posthogOfThisTest()
    const home = makeHome()
    const ended = await run(home, posthog, { [ROLE_VARIABLE]: '{"role":"report"}' })
    expect(ended.code).toBe(0)
    expect(JSON.parse(ended.stdout.split('\n')[1] ?? '')).toMatchObject({ outcomes: { 'off: is-reporter': 1 } })
    expect(runsOf(home)).toHaveLength(1)
    expect(home.files()).toEqual([])
  })

  it('is known by what stands in argv[1], even when it is called node', async () => {
    const posthog = await posthogOfThisTest()
    const home = makeHome()
    const asNode = join(home.path, 'node')
    copyFileSync(cli, asNode)
    const env = home.env({ POSTHOG: posthog.url, RUNS: join(home.path, 'runs'), PACKAGE })
    const ended = await start(asNode, [], { env }).finished
    expect(JSON.parse(ended.stdout.split('\n')[1] ?? '')).toMatchObject({ delivery: 'spool-only' })
    expect(runsOf(home)).toHaveLength(1)
  })
})

/** Node's own way: a blob made by `--experimental-sea-config`, put into a copy of node by postject. */
function buildSingleExecutable(folder: string): string {
  const cli = join(folder, 'acme')
  const blob = join(folder, 'acme.blob')
  const config = { main: program('single-executable.cjs'), output: blob, disableExperimentalSEAWarning: true }
  writeFileSync(join(folder, 'sea.json'), JSON.stringify(config))
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder }
  execFileSync(process.execPath, ['--experimental-sea-config', join(folder, 'sea.json')], { env, stdio: 'pipe' })
  copyFileSync(process.execPath, cli)
  chmodSync(cli, 0o755)
  const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'
  execFileSync(process.execPath, [postject as string, cli, 'NODE_SEA_BLOB', blob, '--sentinel-fuse', fuse], {
    env,
    stdio: 'pipe',
  })
  return cli
}

function temporaryFolder(ofThisTest = true): string {
  const folder = mkdtempSync(join(process.env['AFTERWORD_TEST_HOME'] ?? tmpdir(), 'runtime-'))
  if (ofThisTest) onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  return folder
}
