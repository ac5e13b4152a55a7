/** Promises 2 and 3 against SIGKILL: whatever moment it comes at, what was recorded arrives, once, and nothing stays behind. */
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, start } from '../support/run.ts'

const PROGRAM = program('killed.mjs')
const STRACE = '/usr/bin/strace'

interface Scene {
  readonly posthog: FakePostHog
  readonly home: Home
}

async function makeScene(): Promise<Scene> {
  const posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
  return { posthog, home: makeHome() }
}

function envOf({ posthog, home }: Scene): Record<string, string> {
  return home.env({ POSTHOG: posthog.url })
}

/** One healthy command, and all that it sets going, to its end. */
async function heal(scene: Scene): Promise<void> {
  const { posthog, home } = scene
  await home.quiet()
  // Nobody holds the lock of a command killed between lock and spawn, nor writes at its torsos: age is all that is in the way.
  for (const name of home.files())
    if (/reporter\.lock$|\.tmp$/.test(name) || isTorn(`${home.layout.directory}/${name}`))
      utimesSync(`${home.layout.directory}/${name}`, new Date(), new Date(Date.now() - 120_000))
  const { code, stderr } = await start(process.execPath, [PROGRAM, 'healthy'], { env: envOf(scene) }).finished
  expect(code, stderr).toBe(0)
  await posthog.waitFor(() => posthog.acceptedEvents.some(({ properties }) => properties['command_name'] === 'healthy'))
  await home.quiet()
}

/** A begin record whose writer was killed between the creation and the write. */
function isTorn(path: string): boolean {
  return path.includes('/in-flight/') && readFileSync(path, 'utf8') === ''
}

/** Outcomes of the events of that command, one for each uuid. */
function outcomesOf({ posthog }: Scene, name: string): readonly unknown[] {
  const events = [...posthog.acceptedByUuid.values()].map(({ event }) => event.properties)
  return events.filter((properties) => properties['command_name'] === name).map(({ outcome }) => outcome)
}

function expectNothingLeft({ home, posthog }: Scene): void {
  expect(home.files().filter((name) => /in-flight|pending|lock|tmp/.test(name))).toEqual([])
  expect([...posthog.acceptedByUuid.values()].map(({ count }) => count)).not.toContain(2)
}

test('50 commands killed at 50 moments of their lives: none lost that had begun, none doubled, nothing left', async () => {
  const scene = await makeScene()
  // The shortest of three lives: one that had to wait for the machine would put most moments behind the others' ends.
  const lives: number[] = []
  for (let n = 0; n < 3; n++)
    lives.push((await start(process.execPath, [PROGRAM, 'healthy'], { env: envOf(scene) }).finished).wallMs)
  const ends: { readonly name: string; readonly end: Finished }[] = []
  // One moment in each fiftieth of a life and a bit.
  for (let n = 0; n < 50; n++) {
    const name = `killed.c${n}`
    const running = start(process.execPath, [PROGRAM, name], { env: envOf(scene) })
    const momentMs = ((n + Math.random()) / 50) * Math.min(...lives) * 1.2
    const timer = setTimeout(() => running.child.kill('SIGKILL'), momentMs)
    ends.push({ name, end: await running.finished })
    clearTimeout(timer)
  }
  await heal(scene)

  const killed = ends.filter(({ end }) => end.signal === 'SIGKILL')
  expect(killed.length).toBeGreaterThan(10)
  expect(killed.some(({ end }) => end.stdout === '')).toBe(true)
  expect(killed.some(({ end }) => end.stdout === 'begun\n')).toBe(true)
  for (const { name, end } of ends) {
    const outcomes = outcomesOf(scene, name)
    const seen = `${name}: ${end.signal ?? end.code}, said ${JSON.stringify(end.stdout)}`
    if (end.code === 0) expect(outcomes, seen).toEqual(['ok'])
    else if (end.stdout === 'begun\n') expect([['crashed'], ['ok']], seen).toContainEqual(outcomes)
    else expect([[], ['crashed']], seen).toContainEqual(outcomes)
  }
  expectNothingLeft(scene)
})

/** The calls by which a command changes the disk or starts a process, in a home that is new; each is met by a SIGKILL at its entry. */
const STEPS: readonly (readonly [call: string, times: number, expected: readonly string[]])[] = [
  ['mkdir', 1, []], // ~/.acme
  ['mkdir', 2, []], // telemetry/
  ['link', 1, []], // usage.json
  ['unlink', 1, []], // its temporary name
  ['mkdir', 3, []], // in-flight/
  ['rename', 1, ['ok']], // to pending/, which is not there
  ['mkdir', 4, ['ok']], // pending/
  ['rename', 2, ['ok']], // to pending/
]

/** Preloaded: dies with so much of the commit's line written (a share; the kernel stops a write at a page's end when a SIGKILL waits). */
const DYING = `
  import fs from 'node:fs'
  const { writeFileSync } = fs
  fs.writeFileSync = (path, text, options) => {
    if (options.flag !== (fs.constants.O_WRONLY | fs.constants.O_APPEND)) return writeFileSync(path, text, options)
    writeFileSync(path, text.slice(0, Math.round(text.length * Number(process.env.SHARE))), options)
    process.kill(process.pid, 'SIGKILL')
  }`

describe('a command killed at each of its steps', () => {
  test.for(STEPS)('SIGKILL at %s number %i', async ([call, times, expected], { skip }) => {
    skip(!existsSync(STRACE), 'needs strace')
    const scene = await makeScene()
    const inject = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${call}:signal=KILL:when=${times}`]
    const end = await start(STRACE, [...inject, process.execPath, PROGRAM, 'killed.here'], { env: envOf(scene) })
      .finished
    expect(end.signal, 'the command lived').toBe('SIGKILL')
    await heal(scene)
    expect(outcomesOf(scene, 'killed.here')).toEqual(expected)
    expectNothingLeft(scene)
  })

  test.each([
    ['before its first byte', 0, 'crashed'],
    ['in the middle', 0.5, 'crashed'],
    ['before its newline', 0.999, 'crashed'],
    ['after its last byte', 1, 'ok'],
  ])('SIGKILL within the commit, %s', async (_, share, expected) => {
    const scene = await makeScene()
    const env = { ...envOf(scene), SHARE: String(share) }
    const words = ['--import', `data:text/javascript,${encodeURIComponent(DYING)}`, PROGRAM, 'killed.here']
    const end = await start(process.execPath, words, { env }).finished
    expect(end.signal, 'the command lived').toBe('SIGKILL')
    const [file = ''] = readdirSync(scene.home.layout.inFlight)
    expect(readFileSync(`${scene.home.layout.inFlight}/${file}`, 'utf8').split('\n')).toHaveLength(share === 1 ? 3 : 2)
    await heal(scene)
    expect(outcomesOf(scene, 'killed.here')).toEqual([expected])
    expectNothingLeft(scene)
  })

  test('SIGKILL between the lock and the reporter: the lock is taken over', async ({ skip }) => {
    skip(!existsSync(STRACE), 'needs strace')
    const scene = await makeScene()
    const inject = ['-f', '-qq', '-o', '/dev/null', '-e', 'inject=clone,fork,vfork:signal=KILL:when=1'] // threads: clone3
    const end = await start(STRACE, [...inject, process.execPath, PROGRAM, 'killed.here'], { env: envOf(scene) })
      .finished
    expect(end.signal, 'the command lived').toBe('SIGKILL')
    expect(scene.home.files()).toContain('telemetry/reporter.lock')
    expect(scene.home.pending()).toHaveLength(1)
    await heal(scene)
    expect(outcomesOf(scene, 'killed.here')).toEqual(['ok'])
    expectNothingLeft(scene)
  })
})
