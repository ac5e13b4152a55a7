import { cpSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { afterword, startAfterword } from '../cli/program.ts'
import { makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

/** What the caller's shell may have, and the demo must not hear. */
const HOSTILE = {
  CI: 'true',
  DO_NOT_TRACK: '1',
  ACME_USAGE_TRACKING: '0',
  HTTP_PROXY: 'http://127.0.0.1:1',
  http_proxy: 'http://127.0.0.1:1',
  GITHUB_ACTIONS: 'true',
}

/** bin, dist and what is named besides; the path of its program. */
function copyOfPackage(home: string, name: string, ...more: string[]): string {
  const root = new URL('../../', import.meta.url).pathname
  for (const each of ['bin', 'dist', 'package.json', ...more])
    cpSync(`${root}${each}`, `${home}/${name}/${each}`, { recursive: true })
  symlinkSync(realpathSync(`${root}node_modules`), `${home}/${name}/node_modules`)
  return `${home}/${name}/bin/afterword.js`
}

describe('afterword demo', () => {
  test('tells the whole story, whatever the environment says, and leaves nothing', async () => {
    const home = makeHome()
    const { code, stdout, stderr } = await afterword(home, 'demo', HOSTILE)
    expect({ code, failed: /^✗.*/m.exec(stdout)?.[0] }).toEqual({ code: 0 })
    expect(stdout).toMatch(/^1  toolkit run saw +CLI execution succeeded +([0-9a-f]{8}) +anonymous +yes$/m)
    expect(stdout).toMatch(/^2  login +\$create_alias +user-alice +person +yes$/m)
    expect(stdout).toMatch(/^5  crash \(SIGKILL\) +CLI execution failed +user-alice +person +yes$/m)
    expect(stdout).toMatch(/^6  toolkit run \(off\) +nothing$/m)
    expect(stdout).toMatch(/^8  toolkit run +CLI execution succeeded +[0-9a-f]{8} +anonymous +yes$/m)
    expect(stdout).toContain('✓ The anonymous history was merged: one $create_alias {distinct_id: user-alice,')
    expect(stdout).toContain('✓ The command with ACME_USAGE_TRACKING=0 left nothing')
    expect(stdout).toMatch(/^Telemetry added ([\d.]+ ms|no more than)[^]*15 pairs, median -?[\d.]+/m)
    expect(stdout).toContain('All 8 claims hold.')
    expect(stdout).not.toContain('✗')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stderr).toContain('step 8 of 8: acme toolkit run')
    expect(readdirSync(home.path)).toEqual([])
  })

  test('--keep lets the collector run until Ctrl-C; --json is all of stdout', async () => {
    const home = makeHome()
    const running = startAfterword(home, 'demo --keep --json', HOSTILE)
    let stderr = ''
    running.child.stderr?.on('data', (text: string) => {
      stderr += text
    })
    const url = await waitUntil('the collector is kept', () => /runs on at (\S+) until/.exec(stderr)?.[1], {
      timeoutMs: 90_000,
    })
    const page = (await (await fetch(`${url}/api/events?event=$create_alias`)).json()) as { events: object[] }
    expect(page.events).toHaveLength(1)
    running.child.kill('SIGINT')
    const { code, stdout } = await running.finished
    expect(code).toBe(0)
    const story = JSON.parse(stdout) as { ok: boolean; steps: object[]; checks: object[] }
    expect(story).toMatchObject({ ok: true })
    expect(story.steps).toHaveLength(8)
    expect(story.checks).toHaveLength(8)
  })

  test('says what it lacks in a package without examples', async () => {
    const home = makeHome()
    const bin = copyOfPackage(home.path, 'package')
    const { code, stdout, stderr } = await runNode([bin, 'demo'], { env: home.env() })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('docs/examples/acme, which a clone of the repository has and this package has not')
  })

  test('without a reporter says what is not so, exits 1 and keeps the home', async () => {
    const home = makeHome()
    const bin = copyOfPackage(home.path, 'package', 'docs')
    rmSync(`${home.path}/package/dist/reporter/main.cjs`)
    const { code, stdout, stderr } = await runNode([bin, 'demo'], { env: home.env() })
    expect(code).toBe(1)
    expect(stdout).toContain('✗ NOT SO: The anonymous history was merged')
    expect(stdout).toContain('✗ NOT SO: Every event was accepted')
    expect(stdout).toContain("✓ Telemetry left every command's end alone")
    expect(stdout).toMatch(/^\d of 8 claims do not hold\.$/m)
    const kept = /The home of the demo is kept: (\S+)/.exec(stderr)?.[1] ?? ''
    expect(readdirSync(kept)).toContain('.acme')
  })

  test('Ctrl-C in the middle removes its home', async () => {
    const home = makeHome()
    const running = startAfterword(home, 'demo')
    await waitUntil('it has made one', () => readdirSync(home.path)[0])
    await running.said('A small CLI')
    running.child.kill('SIGINT')
    expect(await running.finished).toMatchObject({ code: null, signal: 'SIGINT' })
    expect(readdirSync(home.path)).toEqual([])
  })
})
