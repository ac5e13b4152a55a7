/**
 * What V8 compiles with its file (rolldown.config.mjs, soonCalled) is what an ordinary command calls: one of those that is not called is
 * compiled for nothing, by every command; one that is called and is not among them is read twice.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type Home, makeHome } from '../support/home.ts'
import { runNode } from '../support/run.ts'

const DIST = new URL('../../dist/', import.meta.url)

/** Preloaded: writes which functions ran, as V8 counts them. */
const COUNTING = `
  import { Session } from 'node:inspector'
  import { writeFileSync } from 'node:fs'
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false })
  process.on('exit', () => session.post('Profiler.takePreciseCoverage', (_, { result }) =>
    writeFileSync(process.env.COUNTS, JSON.stringify(result.filter(({ url }) => url.includes('/dist/'))))))`

const PROGRAM = `
  import { CommandTracker } from '${new URL('index.js', DIST).href}'
  const tracker = new CommandTracker({ app: 'acme', version: '1.2.3', posthog: { apiKey: 'phc_a', host: 'http://127.0.0.1:9' } })
  await tracker.run('toolkit.run', async () => {})`

interface Script {
  readonly url: string
  readonly functions: readonly {
    readonly ranges: readonly [{ readonly startOffset: number; readonly endOffset: number; readonly count: number }]
  }[]
}

/** Of a command that is recorded while a reporter is alive, in a home that has been used. */
async function countCommand(home: Home): Promise<readonly Script[]> {
  const counts = `${home.path}/counts.json`
  mkdirSync(home.layout.telemetry, { recursive: true, mode: 0o700 })
  writeFileSync(home.layout.reporterLock, '{"token":"somebody"}\n')
  const words = [
    '--import',
    `data:text/javascript,${encodeURIComponent(COUNTING)}`,
    '--input-type=module',
    '-e',
    PROGRAM,
  ]
  for (const _ of ['first use', 'the one that is counted']) await runNode(words, { env: home.env({ COUNTS: counts }) })
  expect(home.pending()).toHaveLength(2)
  return JSON.parse(readFileSync(counts, 'utf8')) as Script[]
}

/**
 * The functions of a bundle that stand alone, or were arrow functions with a `@soon`: how each begins, by whether it is compiled with its file
 * (in parentheses of its own, not a call's) and whether it ran.
 */
function standingAlone(script: Script): Record<'idle' | 'late', readonly string[]> & { readonly count: number } {
  const text = readFileSync(script.url.replace('file://', ''), 'utf8')
  const found = script.functions.flatMap(({ ranges: [{ startOffset, endOffset, count }] }) => {
    const body = text.slice(startOffset, endOffset)
    if (!/^(?:async )?function\b/.test(body)) return []
    const isSoonCalled = /[=:,(]\($/.test(text.slice(0, startOffset)) && text.startsWith(')', endOffset)
    return [{ isSoonCalled, ran: count > 0, start: body.slice(0, 100) }]
  })
  return {
    idle: found.filter(({ isSoonCalled, ran }) => isSoonCalled && !ran).map(({ start }) => start),
    late: found.filter(({ isSoonCalled, ran }) => !isSoonCalled && ran).map(({ start }) => start),
    count: found.filter(({ isSoonCalled }) => isSoonCalled).length,
  }
}

test('an ordinary command calls each function that is compiled with its file, and no other that stands alone', async () => {
  const scripts = await countCommand(makeHome())
  for (const name of ['/dist/index.js', '/dist/tracker/recording.cjs']) {
    const script = scripts.find(({ url }) => url.endsWith(name))
    if (script === undefined) throw new Error(`a command did not load ${name}`)
    const { idle, late, count } = standingAlone(script)
    expect({ name, idle }).toEqual({ name, idle: [] })
    expect({ name, late }).toEqual({ name, late: [] })
    expect(count).toBeGreaterThan(25)
  }
})
