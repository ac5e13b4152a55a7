import { expect, onTestFinished, test } from 'vitest'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { runNode, start } from '../support/run.ts'

const BIN = new URL('../../bin/afterword.js', import.meta.url).pathname

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
  expect([traced.stdout, traced.code, traced.signal]).toEqual([bare.stdout, bare.code, bare.signal])
  expect(traced.stderr.replace(/^afterword: no --host.*\n/, '')).toBe(bare.stderr)
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
