import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('small-yargs-cli.mjs', import.meta.url))
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'yargs-adapter-'))
})
afterAll(() => rmSync(directory, { recursive: true }))

interface Run {
  readonly code: number | string
  readonly stdout: string
  readonly stderr: string
}

let runs = 0

/** One run of the small CLI as `way` says, and what its tracker noted. */
async function run(way: string, words: string[], plain: boolean): Promise<{ run: Run; events: unknown[] }> {
  const notes = join(directory, String(++runs))
  writeFileSync(notes, '')
  const env = { ...process.env, WAY: way, EVENTS: notes, ...(plain ? { PLAIN: '1' } : {}) }
  const result = await new Promise<Run>((resolve) => {
    execFile(process.execPath, [PROGRAM, ...words], { env, timeout: 20_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? String(error.signal)), stdout, stderr }),
    )
  })
  const lines = readFileSync(notes, 'utf8').split('\n').filter(Boolean)
  return { run: result, events: lines.map((line) => JSON.parse(line) as unknown) }
}

const usage = (name: string, rest: object = {}) => [{ name, outcome: 'usage_error', ...rest }]

/** way (see the CLI), words, what both runs exit with, what the tracker is told. */
type Row = [way: string, words: string, code: number, events: object[]]

const rows: Row[] = [
  // how it ends
  ['strict', 'run saw', 0, [{ name: 'run' }]],
  ['strict', 'r saw', 0, [{ name: 'run' }]],
  ['strict', 'wait', 0, [{ name: 'wait' }]],
  ['strict', 'throw', 1, [{ name: 'throw', error: 'TypeError', exitCode: 1 }]],
  ['strict', 'reject', 1, [{ name: 'reject', error: 'TypeError', exitCode: 1 }]],
  ['strict', 'reject-later', 1, [{ name: 'reject-later', error: 'RangeError', exitCode: 1 }]],
  ['strict', 'exit', 4, [{ name: 'exit', exited: 4 }]],
  ['strict', 'code', 3, [{ name: 'code' }]],
  ['strict', 'broken', 1, [{ name: 'broken', error: 'Error', exitCode: 1 }]],
  ['strict', 'slow-build --n 1', 0, [{ name: 'slow-build' }]],
  // nested
  ['strict', 'db migrate 3', 0, [{ name: 'db.migrate' }]],
  ['strict', 'db deep er', 0, [{ name: 'db.deep.er' }]],
  // wrong usage
  ['strict', 'need', 1, usage('need', { exitCode: 1 })],
  ['strict', 'slow-build', 1, usage('slow-build', { exitCode: 1 })],
  ['strict', 'check', 1, usage('check', { exitCode: 1, error: 'RangeError' })],
  ['strict', 'db', 1, usage('db', { exitCode: 1 })],
  ['strict', 'db secret-word', 1, usage('db', { exitCode: 1 })],
  ['strict', 'db migrate', 1, usage('db.migrate', { exitCode: 1 })],
  ['strict', 'secret-word', 1, usage('(unknown)', { exitCode: 1 })],
  ['strict', '', 1, usage('(unknown)', { exitCode: 1 })],
  ['strict', 'run --secret', 1, usage('run', { exitCode: 1 })],
  ['strict', 'run --level secret', 1, usage('run', { exitCode: 1 })],
  ['recommending', 'rum', 1, usage('(unknown)', { exitCode: 1 })],
  // not wrong for yargs
  ['loose', 'secret-word', 0, [{ name: '(unknown)' }]],
  ['loose', 'run saw more', 0, [{ name: 'run' }]],
  // no command
  ['loose', '', 0, []],
  ['strict', '--help', 0, []],
  ['strict', 'run --help', 0, []],
  ['strict', 'db migrate --help', 0, []],
  ['strict', '--version', 0, []],
  ['uncaught', '--help', 0, []],
  ['uncaught', 'secret-word --help', 0, []],
  ['completing', 'completion', 0, []],
  ['completing', '--get-yargs-completions small r', 0, []],
  ['completing', '--get-yargs-completions small db m', 0, []],
  // sign in, sign out
  ['strict', 'login', 0, [{ name: 'login', identity: 'login' }, { name: 'looked up' }]],
  ['strict', 'db logout', 0, [{ name: 'db.logout', identity: 'logout' }]],
  // parse(), parseSync(), argv
  ['sync', 'run x', 0, [{ name: 'run' }]],
  ['sync', 'throw', 1, [{ name: 'throw', error: 'TypeError', exitCode: 1 }]],
  ['sync', 'wait', 0, [{ name: 'wait' }]],
  ['sync', 'reject', 1, [{ name: 'reject', error: 'TypeError', exitCode: 1 }]],
  ['sync', 'secret-word', 1, usage('(unknown)', { exitCode: 1 })],
  ['parseSync', 'run x', 0, [{ name: 'run' }]],
  ['parseSync', 'reject-later', 1, [{ name: 'reject-later', exited: 1 }]],
  ['argv', 'run x', 0, [{ name: 'run' }]],
  // exitProcess(false)
  ['uncaught', 'throw', 1, [{ name: 'throw', error: 'TypeError', exitCode: 1 }]],
  ['uncaught', 'reject', 1, [{ name: 'reject', error: 'TypeError' }]],
  ['uncaught', 'run --bad', 1, usage('run', { exitCode: 1 })],
  ['caught', 'throw', 5, [{ name: 'throw', outcome: 'error' }]],
  ['caught', 'reject-later', 5, [{ name: 'reject-later', error: 'RangeError' }]],
  ['caught', 'broken', 5, [{ name: 'broken', outcome: 'error' }]],
  ['caught', 'run --bad', 5, usage('run')],
  // .fail()
  ['failExits', 'run x', 0, [{ name: 'run' }]],
  ['failExits', 'reject', 9, [{ name: 'reject', error: 'TypeError', exitCode: 9 }]],
  ['failExits', 'run --bad', 9, usage('run', { exitCode: 9 })],
  ['failExits', 'secret-word', 9, usage('(unknown)', { exitCode: 9 })],
  ['failSwallows', 'reject', 5, [{ name: 'reject', error: 'TypeError' }]],
  ['failSwallows', 'run --bad', 0, usage('run')],
  ['failFalse', 'reject', 5, [{ name: 'reject', error: 'TypeError' }]],
  ['failFalse', 'run --bad', 5, usage('run')],
  // parse(args, callback)
  ['callback', 'run x', 0, [{ name: 'run' }]],
  ['callback', 'run --bad', 0, usage('run')],
  ['callback', 'reject-later', 1, [{ name: 'reject-later', error: 'RangeError' }]],
  // default commands
  ['default', '--n 1', 0, [{ name: 'default' }]],
  ['default', 'secret-word', 1, usage('default', { exitCode: 1 })],
  ['default', 'run x', 0, [{ name: 'run' }]],
  ['namedDefault', '', 0, [{ name: 'serve' }]],
  ['namedDefault', 'serve', 0, [{ name: 'serve' }]],
  ['namedDefault', '--help', 0, []],
  // middleware
  ['slowMiddleware', 'run x', 0, [{ name: 'run' }]],
  ['slowMiddleware', 'db migrate 3', 0, [{ name: 'db.migrate' }]],
  ['slowMiddleware', 'run --bad', 1, usage('run', { exitCode: 1 })],
  ['badMiddleware', 'run', 1, [{ name: 'run', error: 'RangeError', exitCode: 1 }]],
]

describe('instrument() says one thing of a command and changes no byte of it', () => {
  test.each(rows)('%s: small %s', async (way, words, code, events) => {
    const argv = words.split(' ').filter(Boolean)
    const plain = await run(way, argv, true)
    const instrumented = await run(way, argv, false)
    expect(instrumented.run).toEqual(plain.run)
    expect(plain.run.code).toBe(code)
    expect(instrumented.events).toEqual(events)
    expect(JSON.stringify(instrumented.events)).not.toContain('secret')
  })
})

test('instrument() says one thing of each parse of an instance', async () => {
  const { events } = await run('thrice', [], false)
  expect(events).toEqual([
    { name: 'run' },
    { name: 'reject', error: 'TypeError' },
    ...usage('(unknown)'),
    { name: 'throw', outcome: 'error' },
  ])
})

describe('telemetryCommand()', () => {
  test('is not recorded, and switches', async () => {
    const { run: off, events } = await run('strict', ['telemetry', 'off'], false)
    expect(events).toEqual([{ tracking: 'off' }])
    expect(off).toEqual({ code: 0, stdout: 'On: nothing says otherwise.\nwaiting: 2\nparsed\n', stderr: '' })
  })

  test('is not recorded when it is misused', async () => {
    const { run: wrong, events } = await run('strict', ['telemetry', 'maybe'], false)
    expect(wrong.code).toBe(1)
    expect(events).toEqual([])
  })
})
