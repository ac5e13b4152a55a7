/** The instrument itself: without it, what a detached child costs or leaves would be nobody's. */
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

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

  it('kills what the host left, and says so', async () => {
    const { left, killed } = await measured(100, STAYS)
    expect(left.map(({ status }) => status)).toEqual([128 + 9])
    expect(killed).toBeGreaterThan(0)
  })

  /** A host that leaves one detached child, which runs `child`, and ends with 3. */
  async function measured(afterMs: number, child: string): Promise<Measured> {
    const spawned = `spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { detached: true, stdio: 'ignore' }).unref()`
    const host = `require('node:child_process').${spawned}; process.exitCode = 3`
    const { stdout } = await run(program, [String(afterMs), '30000', process.execPath, '-e', host])
    const lines = stdout.trim().split('\n')
    const of = (kind: string): string[] => lines.filter((line) => line.startsWith(`${kind} `))
    return { host: of('host').map(ended)[0], left: of('left').map(ended), killed: Number(of('killed')[0]?.slice(7)) }
  }
})

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

function lacking(): string | null {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' })
    return null
  } catch {
    return 'needs cc'
  }
}
