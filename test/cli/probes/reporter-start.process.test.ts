import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startWithoutTask } from '../../../src/cli/probes/reporter-start.ts'
import { probeProcess } from '../../../src/platform/process-instance.ts'
import { makeHome } from '../../support/home.ts'
import { waitUntil } from '../../support/wait-until.ts'

test('startWithoutTask() ends what hangs, and leaves nothing of it behind', async () => {
  const { path } = makeHome()
  const file = `${path}/hangs.cjs`
  writeFileSync(
    file,
    `require('node:fs').writeFileSync(${JSON.stringify(`${path}/pid`)}, String(process.pid))\nfor (;;);`,
  )
  const facts = await startWithoutTask(file)
  expect(facts).toMatchObject({ kind: 'ended' })
  if (facts.kind !== 'ended') return
  expect(facts.signal === 'SIGKILL' || facts.code === 137).toBe(true)
  expect(facts.ms).toBeLessThan(4500)
  const pid = Number(readFileSync(`${path}/pid`, 'utf8'))
  await waitUntil('it is gone', () => ['Z', undefined].includes(probeProcess(pid)?.state))
})

test('startWithoutTask() says how a broken one ended, and what is not there', async () => {
  const { path } = makeHome()
  writeFileSync(`${path}/breaks.cjs`, 'process.exit(3)')
  expect(await startWithoutTask(`${path}/breaks.cjs`)).toMatchObject({ kind: 'ended', code: 3 })
  expect(await startWithoutTask(`${path}/absent.cjs`)).toEqual({ kind: 'not-started', reason: 'script-missing' })
})

test.each([
  ['torn', 'exports.perform = ('],
  ["another version's", 'exports.somethingElse = 1'],
])('startWithoutTask() sees that the file for the work is %s', async (_, text) => {
  const { path } = makeHome()
  const dist = `${path}/package/dist`
  cpSync(new URL('../../../dist', import.meta.url).pathname, dist, { recursive: true })
  expect(await startWithoutTask(`${dist}/reporter/main.cjs`)).toMatchObject({ kind: 'ended', code: 0 })
  writeFileSync(`${dist}/reporter/perform.cjs`, text)
  expect(await startWithoutTask(`${dist}/reporter/main.cjs`)).toMatchObject({ kind: 'ended', code: 1 })
})
