import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

describe('npm run bench', () => {
  it('refuses a bench or an option that is not there, and names those that are', () => {
    const { status, stderr } = spawnSync(process.execPath, ['test/bench/main.mjs', 'warp', '--fast'], {
      encoding: 'utf8',
    })
    expect(status).toBe(2)
    expect(stderr).toMatch(/^bench: got --fast warp, wants \[.*hand-off.*\] \[--quick\] \[--write\]$/m)
  })
})
