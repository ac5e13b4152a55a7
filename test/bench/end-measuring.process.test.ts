/** An interrupted bench takes its folder away: by then nobody may write to it. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { cleanEnvironment } from '../support/environment.ts'
import { expectNobodyLeft } from '../support/processes.ts'
import { waitUntil } from '../support/wait-until.ts'
import { lacking } from './lacking.ts'
import { buildSubreaper, endMeasuring, measure } from './measure.mjs'

const why = lacking()
const title = 'endMeasuring() ends all that writes, detached or not, and nothing goes on that waits for it'

it.skipIf(why !== null)(why === null ? title : `${title} (${why})`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'afterword-end-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const built = buildSubreaper(folder)
  if (built.kind === 'skipped') throw new Error(built.why)
  const home = join(folder, 'home')
  mkdirSync(home)
  const writes = (name: string): string => `for (let i = 0; ; i++) fs.writeFileSync('${name}' + (i % 1000), '')`
  const spawned = `spawn(process.execPath, ['-e', ${JSON.stringify(writes('left'))}], { detached: true, stdio: 'ignore' })`
  const args = ['-e', `child_process.${spawned}; ${writes('host')}`]
  let wentOn = false
  void measure(built.program, {
    args,
    env: cleanEnvironment(home),
    cwd: home,
    afterMs: 200_000,
    limitMs: 200_000,
  }).finally(() => {
    wentOn = true
  })
  await waitUntil('both write', () => ['left1', 'host1'].every((name) => readdirSync(home).includes(name)))
  await endMeasuring()
  await expectNobodyLeft(home, 0)
  rmSync(home, { recursive: true })
  await new Promise((resolve) => setImmediate(resolve))
  expect(wentOn).toBe(false)
})
