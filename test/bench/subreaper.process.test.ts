/** The instrument itself: without it, what a detached child costs or leaves would be nobody's. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../support/environment.ts'
import { expectNobodyLeft } from '../support/processes.ts'
import { start } from '../support/run.ts'
import { lacking } from './lacking.ts'

const run = promisify(execFile)
const WORKS = `for (const end = process.cpuUsage().user + 300_000; process.cpuUsage().user < end; );`
const STAYS = `setInterval(() => {}, 1000)`

const why = lacking()

describe.skipIf(why !== null)(`subreaper${why === null ? '' : ` (${why})`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'afterword-subreaper-'))
  const program = join(folder, 'subreaper')
  beforeAll(() => void execFileSync('cc', ['-Wall', '-Werror', '-o', program, 'test/bench/subreaper.c']))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('counts the CPU of a detached child, and says that it came after the host', async () => {
    const { host, left, killed } = await measured(20_000, WORKS)
    expect(left).toHaveLength(1)
    expect(left[0]?.cpuUs).toBeGreaterThan(300_000)
    expect(left[0]?.exitNs).toBeGreaterThan(host?.exitNs ?? Number.POSITIVE_INFINITY)
    expect(host).toMatchObject({ status: 3 })
    expect(killed).toBe(0)
  })

  it('whose starter was killed, kills the host and what it left', async () => {
    const home = mkdtempSync(join(folder, 'home-'))
    const words = JSON.stringify(['60000', '60000', process.execPath, '-e', `${STAYS}; console.log('started')`])
    const starter = `require('node:child_process').spawn(${JSON.stringify(program)}, ${words}, { stdio: 'inherit' })`
    const started = start(process.execPath, ['-e', starter], { env: cleanEnvironment(home) })
    await started.said('started')
    started.child.kill('SIGKILL')
    await expectNobodyLeft(home)
  })

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('told by %s, kills the host and what it left', async (signal) => {
    const { host, left } = await measured(20_000, STAYS, { stays: `${STAYS}; console.log('started')`, signal })
    expect(host).toMatchObject({ status: 128 + 9 })
    expect(left.map(({ status }) => status)).toEqual([128 + 9])
  })

  it('kills what the host left, and says so', async () => {
    const { left, killed } = await measured(100, STAYS)
    expect(left.map(({ status }) => status)).toEqual([128 + 9])
    expect(killed).toBeGreaterThan(0)
  })

  /** A host that leaves one detached child, which runs `child`, and ends with 3, or `stays` and is told of by a signal once it says something. */
  async function measured(afterMs: number, child: string, told?: Told): Promise<Measured> {
    const spawned = `spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { detached: true, stdio: 'ignore' }).unref()`
    const host = `require('node:child_process').${spawned}; ${told?.stays ?? 'process.exitCode = 3'}`
    const over = run(program, [String(afterMs), '30000', process.execPath, '-e', host])
    if (told !== undefined) over.child.stdout?.once('data', () => over.child.kill(told.signal))
    const { stdout } = await over
    const lines = stdout.trim().split('\n')
    const of = (kind: string): string[] => lines.filter((line) => line.startsWith(`${kind} `))
    return { host: of('host').map(ended)[0], left: of('left').map(ended), killed: Number(of('killed')[0]?.slice(7)) }
  }
})

interface Told {
  readonly stays: string
  readonly signal: NodeJS.Signals
}

interface Ended {
  readonly exitNs: number
  readonly cpuUs: number
  readonly status: number
}

interface Measured {
  readonly host: Ended | undefined
  readonly left: readonly Ended[]
  readonly killed: number
}

function ended(line: string): Ended {
  const [exitNs = Number.NaN, , , cpuUs = Number.NaN, , status = Number.NaN] = line.split(' ').slice(1).map(Number)
  return { exitNs, cpuUs, status }
}
