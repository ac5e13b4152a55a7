/** The job matrix of docs/architecture.md, "Detaching", with real node.exe processes in real (Wine's) job objects. */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import {
  endWine,
  folderOfThisTest,
  onWindows,
  reasonIfNoWine,
  runWindowsNode,
  WINDOWS_DIST,
  WINDOWS_NODE,
  windowsPrograms,
  wine,
} from '../support/wine.ts'

const KILL = 0x2000 // JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE
const ALLOWS = 0x0800 // …_BREAKAWAY_OK
const SILENT = 0x1000 // …_SILENT_BREAKAWAY_OK
const DIES = 0x0400 // …_DIE_ON_UNHANDLED_EXCEPTION
const LIBUV = KILL | ALLOWS | SILENT | DIES

type End = 'survives' | 'killed'

interface Row {
  readonly name: string
  /** Limit flags, outermost first. */
  readonly jobs: readonly number[]
  readonly npx?: true
  readonly spawn: End
  readonly ours: End
  /** What our own call knows of the child; `unasked` where Node's spawn was enough. */
  readonly job: 'free' | 'partial' | 'unasked'
}

const MATRIX: readonly Row[] = [
  { name: 'no job', jobs: [], spawn: 'survives', ours: 'survives', job: 'unasked' },
  { name: 'a job that forbids', jobs: [KILL], spawn: 'killed', ours: 'killed', job: 'partial' },
  { name: 'a job that allows', jobs: [KILL | ALLOWS], spawn: 'killed', ours: 'survives', job: 'free' },
  { name: "libuv's job", jobs: [LIBUV], spawn: 'survives', ours: 'survives', job: 'free' },
  { name: 'a silent job', jobs: [KILL | SILENT], spawn: 'survives', ours: 'survives', job: 'free' },
  {
    name: 'one that allows in one that allows',
    jobs: [KILL | ALLOWS, KILL | ALLOWS],
    spawn: 'killed',
    ours: 'survives',
    job: 'free',
  },
  {
    name: 'one that allows in one that forbids',
    jobs: [KILL, KILL | ALLOWS],
    spawn: 'killed',
    ours: 'killed',
    job: 'partial',
  },
  {
    name: 'one that forbids in one that allows',
    jobs: [KILL | ALLOWS, KILL],
    spawn: 'killed',
    ours: 'killed',
    job: 'partial',
  },
  { name: 'a job that forbids and does not kill', jobs: [0], spawn: 'survives', ours: 'survives', job: 'partial' },
  { name: 'npx', jobs: [], npx: true, spawn: 'survives', ours: 'survives', job: 'free' },
  {
    name: 'npx in a job that allows',
    jobs: [KILL | ALLOWS],
    npx: true,
    spawn: 'killed',
    ours: 'survives',
    job: 'free',
  },
]

describe.skipIf(wine === null)(`a reporter and the jobs of its CLI${reasonIfNoWine}`, () => {
  const program = wine === null ? String : windowsPrograms()
  afterAll(endWine)

  async function becomes(
    row: Row,
    how: 'spawn' | 'outside-job',
  ): Promise<{ end: End; outcome: object; folder: string }> {
    const folder = folderOfThisTest()
    const cli = [WINDOWS_NODE, program('job-cli.mjs'), WINDOWS_DIST, onWindows(folder), how]
    const argv = row.npx === true ? [WINDOWS_NODE, program('npx-like.cjs'), ...cli] : cli
    const run = await runWindowsNode([
      program('job-runner.cjs'),
      JSON.stringify({ ...row, argv, folder: onWindows(folder) }),
    ])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    const result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { end: End; outcome: object }
    return { ...result, folder }
  }

  it.each(MATRIX)('$name: Node alone, it $spawn', async (row) => {
    const { end, outcome } = await becomes(row, 'spawn')
    expect({ end, outcome }).toMatchObject({ end: row.spawn, outcome: { kind: 'spawned', job: 'unasked' } })
  })

  it.each(MATRIX)('$name: started by us, it $ours ($job)', async (row) => {
    const { end, outcome } = await becomes(row, 'outside-job')
    expect({ end, outcome }).toMatchObject({ end: row.ours, outcome: { kind: 'spawned', job: row.job } })
  })

  it('gets its arguments whole, the allow-listed environment and %SystemRoot% as its directory', async () => {
    const { folder } = await becomes(MATRIX[2] as Row, 'outside-job')
    mkdirSync(folder, { recursive: true })
    const reporter = JSON.parse(readFileSync(join(folder, 'reporter.json'), 'utf8')) as {
      args: string[]
      role: string
      names: string[]
      cwd: string
    }
    expect(reporter.args).toEqual(['a b', '"q"\\'])
    expect(reporter.role).toBe('ü')
    expect(reporter.cwd.toLowerCase()).toBe('c:\\windows')
    expect(reporter.names.map((name) => name.toUpperCase())).toEqual(
      expect.arrayContaining(['SYSTEMROOT', 'TEMP', 'ROLE']),
    )
    expect(reporter.names.map((name) => name.toUpperCase())).not.toContain('WINEPREFIX')
  })
})
