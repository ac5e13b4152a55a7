/** The files that a host's bundle loads when it needs them, where they are not as they were built: nothing is recorded, nothing is said. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'
import { version } from '../../src/version.ts'

const ROOT = new URL('../..', import.meta.url).pathname

const PROGRAM = `
  import { CommandTracker } from './dist/index.js'
  const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog: { apiKey: 'phc_a', host: 'http://127.0.0.1:9' } })
  console.log(await tracker.run('toolkit.run', async () => 42))
  console.log(JSON.stringify(tracker.status().outcomes))
  process.exitCode = 3`

const HARMS: readonly [string, (file: string) => void][] = [
  ['is missing', (file) => rmSync(file)],
  ['was cut off', (file) => writeFileSync(file, readFileSync(file, 'utf8').slice(0, 5_000))],
  ['is of another version', (file) => replaceIn(file, version, '9.9.9')],
]

function replaceIn(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(file, text.replaceAll(from, to))
}

async function runHarmed(name: string, harm: (file: string) => void): Promise<{ said: string; pending: number }> {
  const home = makeHome()
  for (const part of ['package.json', 'dist']) cpSync(`${ROOT}/${part}`, `${home.path}/${part}`, { recursive: true })
  harm(`${home.path}/dist/tracker/${name}.cjs`)
  writeFileSync(`${home.path}/program.mjs`, PROGRAM)
  const { code, stdout, stderr } = await runNode([`${home.path}/program.mjs`], { env: home.env() })
  expect({ code, stderr }).toEqual({ code: 3, stderr: '' })
  return { said: stdout, pending: home.pending().length }
}

describe.each(HARMS)('a file that %s', (_, harm) => {
  test('recording.cjs: not recorded, and counted so', async () => {
    expect(await runHarmed('recording', harm)).toEqual({ said: '42\n{"not-built":1}\n', pending: 0 })
  })

  test('launching.cjs: recorded, and it waits', async () => {
    expect(await runHarmed('launching', harm)).toEqual({ said: '42\n{"recorded":1}\n', pending: 1 })
  })
})
