/** That the program runs. What it measures is nobody's to assert: a machine that runs tests is busy. */
import { spawnSync } from 'node:child_process'
import { on } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { expectNobodyLeft } from '../support/processes.ts'
import { start } from '../support/run.ts'
import { lacking } from './lacking.ts'
import { addCompiledPackage } from './compiled.mjs'
import { makeWorld } from './world.mjs'

const why = lacking()

describe('npm run bench', () => {
  it('refuses a bench or an option that is not there, and names those that are', () => {
    const { status, stderr } = bench('warp', '--fast')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^bench: got --fast warp, wants \[.*hand-off.*\] \[--quick\]; or all, and \[--write\]$/m)
  })

  it('writes no page with some of the benches', () => {
    const { status, stderr } = bench('tracer', '--write')
    expect(status).toBe(2)
    expect(stderr).toMatch(/^bench: got --write with a name, wants /m)
  })

  it.skipIf(process.platform !== 'linux')('runs the quickest of them: each row has a verdict or a reason', () => {
    const { status, stdout } = bench('tracer', '--quick')
    expect(status).toBe(0)
    const rows = stdout.split('\n').filter((line) => /^\| (one standard|tracing)/.test(line))
    expect(rows).toHaveLength(3)
    for (const row of rows) expect(row).toMatch(/\| (met.*|\*\*not met\*\*.*|skipped: .+) \|$/)
    expect(stdout).not.toContain('the bench broke')
    expect(stdout).toMatch(/^\d+ met, \d+ not met, \d+ skipped; /m)
  })

  it.skipIf(why !== null)(
    `interrupted, leaves nothing that runs or lies about${why === null ? '' : ` (${why})`}`,
    async () => {
      const others = new Set(worlds())
      const { child, finished } = start(process.execPath, ['test/bench/main.mjs', 'hand-off', '--quick'])
      const errors = on(child.stderr as Readable, 'data')
      for await (const [text] of errors) if (String(text).includes('hosts: round 1')) break
      const made = worlds().filter((path) => !others.has(path))
      child.kill('SIGTERM')
      expect(await finished).toMatchObject({ code: 143, signal: null, stderr: expect.not.stringContaining('Error') })
      expect(made).not.toEqual([])
      expect(made.filter((path) => existsSync(path))).toEqual([])
      for (const path of made) await expectNobodyLeft(path, 0)
    },
  )

  it('finds its way through the bundles: as V8 has them when they were compiled before, a command is recorded', async () => {
    const world = makeWorld()
    addCompiledPackage(world)
    const [home = ''] = readdirSync(world.homes)
    const recorded = readdirSync(join(world.homes, home, '.acme/telemetry/pending'))
    await world.leave()
    expect(recorded).toHaveLength(2)
  })
})

/** The folders that benches have made and not yet removed. */
function worlds(): readonly string[] {
  const folders = [tmpdir(), '/dev/shm'].filter((folder) => existsSync(folder))
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.startsWith('afterword-bench-'))
      .map((name) => join(folder, name)),
  )
}

function bench(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['test/bench/main.mjs', ...words], { encoding: 'utf8' })
}
