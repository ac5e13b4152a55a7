/** That the program runs. What it measures is nobody's to assert: a machine that runs tests is busy. */
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

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
})

function bench(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['test/bench/main.mjs', ...words], { encoding: 'utf8' })
}
