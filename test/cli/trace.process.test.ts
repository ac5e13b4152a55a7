import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, runNode, start } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'
import { BIN } from './program.ts'

function trace(home: Home, env: Record<string, string>, ...command: readonly string[]) {
  return runNode([BIN, 'trace', '--', ...command], { env: home.env(env), input: 'to the workload\n' })
}

test.each([
  ['output and stdin', ['sh', '-c', 'cat; printf "a\\r\\nb"; printf err >&2']],
  ['its exit code', ['sh', '-c', 'exit 7']],
  ['a signal', ['sh', '-c', 'kill -TERM $$']],
])('trace is transparent: %s', async (_, [command = '', ...args]) => {
  const home = makeHome('afterword')
  const bare = await start(command, args, { env: home.env(), input: 'to the workload\n' }).finished
  const traced = await trace(home, {}, command, ...args)
  const seen = ({ stdout, stderr, code, signal }: Finished) => ({ stdout, stderr, code, signal })
  expect(seen(traced)).toEqual(seen(bare))
})

const READ_ALONG = ['--completion-marker', 'never written', '--idle-timeout', '600']

test.each([
  ['handed on', []],
  ['read along', READ_ALONG],
])('trace leaves 10 MB of stdout and 5 MB of stderr as they are, byte for byte: %s', async (_, options) => {
  const home = makeHome('afterword')
  const write = `const bytes = Buffer.alloc(1e6, Buffer.from(Array.from({ length: 997 }, (_, i) => (i * i) & 255)))
    for (let i = 0; i < 10; i += 1) { process.stdout.write(bytes); if (i % 2 === 0) process.stderr.write(bytes.subarray(i)) }`
  const command = [process.execPath, '-e', write]
  const bare = await bytesOf(command, home)
  expect([bare.stdout.length, bare.stderr.length]).toEqual([10_000_000, 4_999_980])
  const traced = await bytesOf([process.execPath, BIN, 'trace', ...options, '--', ...command], home)
  expect(traced.code).toBe(0)
  expect(traced.stdout.equals(bare.stdout)).toBe(true)
  expect(traced.stderr.equals(bare.stderr)).toBe(true)
})

test.each([
  ['handed on', '', /^y\n141 0\n$/],
  // What Node reads along from is a socket, and not a pipe: who writes to it hears ECONNRESET, or is ended by SIGPIPE.
  ['read along', "--completion-marker 'never written'", /^y\n(1|141) 0\n$/],
])('trace breaks the pipe of a workload whose reader left, and finishes its session: %s', async (_, options, ends) => {
  const home = makeHome('afterword')
  const run = async (prefix: string): Promise<string> => {
    const line = `${prefix} yes | head -n 1; echo "\${PIPESTATUS[*]}"`
    return (await start('bash', ['-c', line], { env: home.env() }).finished).stdout
  }
  expect(await run('')).toBe('y\n141 0\n')
  expect(await run(`${process.execPath} ${BIN} trace ${options} --`)).toMatch(ends)
  const [summary] = home.files().filter((path) => path.endsWith('summary.json'))
  expect(summary).toMatch(/^telemetry\/sessions\/done\//)
  expect(home.files().filter((path) => path.includes('/live/'))).toEqual([])
})

test.each([
  ['handles', 'TERM'],
  ['handles', 'HUP'],
  ['handles', 'INT'],
  ['handles', 'QUIT'],
  ['dies', 'TERM'],
  ['dies', 'HUP'],
  ['dies', 'INT'],
  ['dies', 'USR1'],
])('trace without a terminal passes signals on: the workload %s %s', async (kind, name) => {
  const ends = async (command: string, args: readonly string[]) => {
    const home = makeHome('afterword')
    // In a session of its own: nobody types there.
    const caller = start(command, args, { cwd: home.path, env: home.env(), detached: true })
    await waitUntil('the workload has begun', () => read(`${home.path}/heard`)?.includes('began'))
    process.kill(caller.pid, `SIG${name}`)
    const { code, signal, stderr } = await caller.finished
    return { code, signal, stderr, heard: read(`${home.path}/heard`) }
  }
  const workload = ['sh', program('hears-signals.sh'), kind]
  const bare = await ends('sh', workload.slice(1))
  expect(await ends(process.execPath, [BIN, 'trace', '--', ...workload])).toEqual(bare)
})

test("trace ends by a signal that leaves a core, and leaves none of its own in the place of the workload's", async (ctx) => {
  if (readFileSync('/proc/sys/kernel/core_pattern', 'latin1').trim() !== 'core')
    return ctx.skip('cores go elsewhere here')
  const home = makeHome('afterword')
  const line = 'ulimit -c unlimited; exec "$0" "$@"'
  const workload = ['sh', '-c', 'kill -SEGV $$']
  const traced = await start('bash', ['-c', line, process.execPath, BIN, 'trace', '--', ...workload], {
    cwd: home.path,
    env: home.env(),
  }).finished
  expect([traced.code, traced.signal]).toEqual([null, 'SIGSEGV'])
  // A core of Node would have a hundred megabytes.
  expect(statSync(`${home.path}/core`).size).toBeLessThan(10_000_000)
})

test('trace whose state directory cannot be used says so once, and runs the workload unharmed', async () => {
  const home = makeHome('afterword')
  writeFileSync(home.layout.directory, 'in the way')
  const traced = await trace(home, {}, 'sh', '-c', 'cat; exit 3')
  expect(traced).toMatchObject({
    code: 3,
    stdout: 'to the workload\n',
    stderr: 'afterword: the state directory cannot be used: nothing of this session is kept.\n',
  })
  expect(readFileSync(home.layout.directory, 'utf8')).toBe('in the way')
})

test('trace where the sessions cannot be written says so once, and runs the workload unharmed', async () => {
  const home = makeHome('afterword')
  mkdirSync(`${home.layout.directory}/telemetry`, { recursive: true, mode: 0o700 })
  writeFileSync(`${home.layout.directory}/telemetry/sessions`, 'in the way')
  const traced = await trace(home, {}, 'sh', '-c', 'cat; exit 3')
  expect(traced).toMatchObject({ code: 3, stdout: 'to the workload\n' })
  expect(traced.stderr).toMatch(
    /^afterword: the trace of this session is degraded \(E\w+\); the command ran as it would have\.\n$/,
  )
})

test('trace sends the summary by a reporter, under the id of the session; sessions list and show know it', async () => {
  const home = makeHome('afterword')
  const fake = await startFakePostHog()
  onTestFinished(() => fake.close())
  const env = { AFTERWORD_HOST: fake.url, AFTERWORD_API_KEY: 'phc_test' }
  const traced = await trace(home, env, 'true')
  expect([traced.code, traced.stdout, traced.stderr]).toEqual([0, '', ''])
  const event = await fake.waitFor(({ acceptedEvents }) => acceptedEvents[0])
  expect(event).toMatchObject({
    event: 'CLI session summarized',
    properties: { termination_reason: 'natural_exit', exit_code: 0, recovered: false, tracked_comm: 'true' },
  })
  const listed = await runNode([BIN, 'sessions', 'list', '--json'], { env: home.env() })
  expect(JSON.parse(listed.stdout)).toMatchObject({ session_id: event.uuid, tracked_comm: 'true' })
  const shown = await runNode([BIN, 'sessions', 'show', event.uuid, '--markdown'], { env: home.env() })
  expect(shown.stdout).toMatch(
    /\| Termination \| natural_exit \|[\s\S]*Anomalies \(0\)[\s\S]*```json\n\{"event":"snapshot"/,
  )
  const recovered = await runNode([BIN, 'sessions', 'recover', '--json'], { env: home.env() })
  expect(JSON.parse(recovered.stdout)).toEqual({})
})

test('trace where consent says no sends nothing and keeps the session', async () => {
  const home = makeHome('afterword')
  const fake = await startFakePostHog()
  onTestFinished(() => fake.close())
  await trace(home, { AFTERWORD_HOST: fake.url, AFTERWORD_API_KEY: 'phc_test', DO_NOT_TRACK: '1' }, 'true')
  expect([fake.connections, home.pending(), home.reporters()]).toEqual([0, [], []])
  expect(home.files().filter((path) => path.endsWith('summary.json'))).toHaveLength(1)
  expect(home.files()).not.toContain('usage.json')
})

async function bytesOf([command = '', ...args]: readonly string[], home: Home) {
  const child = spawn(command, args, { env: home.env(), stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => stream.toArray()) as Promise<Buffer[]>[]
  const code = new Promise((resolve) => child.once('close', resolve))
  return { stdout: Buffer.concat((await stdout) ?? []), stderr: Buffer.concat((await stderr) ?? []), code: await code }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
