/** That the program runs. What it measures is nobody's to assert: a machine that runs tests is busy. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addCompiledPackage } from './compiled.mjs'
import { makeWorld } from './world.mjs'

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

  it('finds its way through the bundles: as V8 has them when they were compiled before, a command is recorded', async () => {
    const world = makeWorld()
    addCompiledPackage(world)
    const [home = ''] = readdirSync(world.homes)
    const recorded = readdirSync(join(world.homes, home, '.acme/telemetry/pending'))
    await world.leave()
    expect(recorded).toHaveLength(2)
  })
})

function bench(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['test/bench/main.mjs', ...words], { encoding: 'utf8' })
}
