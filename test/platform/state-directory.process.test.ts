import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { fallbackDirectories } from '../../src/platform/own-directory.ts'
import { isUnwritable } from '../../src/platform/state-directory.ts'
import { startFakePostHog } from '../support/fake-posthog.ts'
import { processesNaming } from '../support/processes.ts'
import { program, runNode } from '../support/run.ts'
import { waitUntil } from '../support/wait-until.ts'

const MODULE = JSON.stringify(new URL('../../dist/platform/state-directory.js', import.meta.url).href)
const OWN = JSON.stringify(new URL('../../dist/platform/own-directory.js', import.meta.url).href)
const IS_ROOT = process.getuid?.() === 0
/** Who asks. As root, everything is somebody else's and nothing is refused, so the children run as nobody. */
const UID = IS_ROOT ? 65534 : (process.getuid?.() ?? 0)
const asUser = IS_ROOT ? { uid: UID, gid: UID } : {}

let place: string
beforeEach(() => {
  place = mkdtempSync('/tmp/afterword-state-')
  chmodSync(place, 0o755)
  own(place)
  onTestFinished(() => rmSync(place, { recursive: true, force: true }))
})

function own(path: string): void {
  if (IS_ROOT) chownSync(path, UID, UID)
}

const ours = (path: string, mode = 0o700): string => {
  mkdirSync(path, { recursive: true })
  for (let at = path; at !== place && at.startsWith(place); at = dirname(at)) own(at)
  chmodSync(path, mode)
  return path
}
const theirs = (path: string, mode = 0o755): string => {
  mkdirSync(path, { recursive: true })
  chmodSync(path, mode)
  return path
}

async function ask(expression: string): Promise<unknown> {
  const text = `import * as m from ${MODULE}; import * as own from ${OWN}; console.log(JSON.stringify(${expression}))`
  const { stdout, stderr } = await runNode(['--input-type=module', '-e', text], { env: {}, cwd: '/', ...asUser })
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout)
}

const open = (path: string): Promise<unknown> => ask(`m.openStateDirectory(${JSON.stringify(path)})`)
const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const NOT_OURS = { kind: 'refused', reason: 'not-ours' }
const NOT_A_DIRECTORY = { kind: 'refused', reason: 'not-a-directory' }
const NO_HOME = { kind: 'refused', reason: 'no-home' }

describe('openStateDirectory()', () => {
  it.each<[string, (at: string) => string]>([
    ['missing', (at) => at],
    ['missing, with its parents', (at) => `${at}/a/b`],
    ['there', (at) => ours(at)],
    ['there, with telemetry/', (at) => dirname(ours(`${at}/telemetry`))],
    ['a link to a folder of ours', (at) => (symlinkSync(ours(`${place}/real`), at), at)],
  ])('%s is ready, and closed to others', async (_, make) => {
    const directory = make(`${place}/.acme`)
    expect(await open(directory)).toEqual({ kind: 'ready', directory })
    expect(modeOf(`${directory}/telemetry`)).toBe('700')
    expect(statSync(`${directory}/telemetry`).uid).toBe(UID)
  })

  it.each<[string, (at: string) => string, unknown]>([
    ['a file', (at) => (writeFileSync(at, ''), at), NOT_A_DIRECTORY],
    ['below a file', (at) => (writeFileSync(at, ''), `${at}/below/.acme`), NOT_A_DIRECTORY],
    ['a link to nowhere', (at) => (symlinkSync('/nonexistent/there', at), at), NOT_A_DIRECTORY],
    ['a link to itself', (at) => (symlinkSync(at, at), at), NOT_A_DIRECTORY],
    ['telemetry/ a file', (at) => (ours(at), writeFileSync(`${at}/telemetry`, ''), at), NOT_A_DIRECTORY],
    [
      'telemetry/ a link, even to ours',
      (at) => (ours(at), symlinkSync(ours(`${place}/x`), `${at}/telemetry`), at),
      NOT_A_DIRECTORY,
    ],
    [
      'telemetry/ a link to nowhere',
      (at) => (ours(at), symlinkSync(`${place}/x`, `${at}/telemetry`), at),
      NOT_A_DIRECTORY,
    ],
    ['no path', () => '', NO_HOME],
    ['a relative path', () => '.acme', NO_HOME],
  ])('%s is refused', async (_, make, expected) => {
    const directory = make(`${place}/.acme`)
    expect(await open(directory)).toEqual(expected)
    expect(existsSync(`${place}/x`) && statSync(`${place}/x`).isFile()).toBe(false)
  })

  it.runIf(IS_ROOT).each<[string, (at: string) => string]>([
    ["root's, left by sudo", (at) => theirs(at)],
    ["root's, and open to all", (at) => theirs(at, 0o777)],
    ["ours, with root's telemetry/", (at) => (ours(at), theirs(`${at}/telemetry`, 0o777), at)],
    ["a link to root's", (at) => (symlinkSync(theirs(`${place}/real`, 0o777), at), at)],
    ["missing in root's", (at) => `${theirs(at, 0o777)}/.acme`],
    ["missing in everybody's", (at) => `${theirs(at, 0o1777)}/.acme`],
  ])('%s is refused, and nothing is made', async (_, make) => {
    const directory = make(`${place}/home`)
    expect(await open(directory)).toEqual(NOT_OURS)
    expect(existsSync(directory)).toBe(!directory.endsWith('.acme'))
  })

  it('ours that takes no writes is unwritable, with the reason', async () => {
    const home = ours(`${place}/home`, 0o500)
    expect(await open(`${home}/.acme`)).toEqual({ kind: 'unwritable', reason: 'EACCES' })
    expect(await open(home)).toEqual({ kind: 'unwritable', reason: 'EACCES' })
    expect(isUnwritable('EACCES') && isUnwritable('EROFS') && !isUnwritable('ENOTDIR')).toBe(true)
    chmodSync(home, 0o700)
  })
})

describe('openFallbackDirectory()', () => {
  const fallback = (variables: object): Promise<unknown> =>
    ask(`m.openFallbackDirectory('acme', ${JSON.stringify(variables)})`)

  it('is the first of its places that is ours and closed', async () => {
    const [runtime, temporary] = [ours(`${place}/run`), ours(`${place}/tmp`)]
    const variables = { XDG_RUNTIME_DIR: runtime, TMPDIR: `${temporary}/` }
    expect(await fallback(variables)).toEqual({ kind: 'ready', directory: `${runtime}/acme` })
    expect([modeOf(`${runtime}/acme`), modeOf(`${runtime}/acme/telemetry`)]).toEqual(['700', '700'])
    const inTemporary = { kind: 'ready', directory: `${temporary}/acme-${UID}` }
    expect(await fallback({ TMPDIR: temporary })).toEqual(inTemporary)
    expect(await fallback({ XDG_RUNTIME_DIR: 'run', TMPDIR: temporary })).toEqual(inTemporary)
    chmodSync(`${runtime}/acme`, 0o755) // anybody might look in
    expect(await fallback(variables)).toEqual(inTemporary)
    rmSync(`${runtime}/acme`, { recursive: true })
    symlinkSync(temporary, `${runtime}/acme`)
    expect(await fallback(variables)).toEqual(inTemporary)
  })

  it.runIf(IS_ROOT)('may stand in a place that is everybody’s, but not be anybody’s', async () => {
    const temporary = theirs(`${place}/tmp`, 0o1777)
    const directory = `${temporary}/acme-${UID}`
    expect(await fallback({ TMPDIR: temporary })).toEqual({ kind: 'ready', directory })
    rmSync(directory, { recursive: true })
    theirs(directory, 0o777)
    expect(await fallback({ TMPDIR: temporary })).toEqual(NOT_OURS)
    rmSync(directory, { recursive: true })
    expect(await fallback({ TMPDIR: theirs(`${place}/open`, 0o777) })).toEqual(NOT_OURS) // not sticky: anybody may swap it
  })

  it('has no place without one', async () => {
    expect(await fallback({ TMPDIR: `${place}/file/tmp` })).not.toMatchObject({
      kind: 'refused',
      reason: 'not-a-directory',
    })
    writeFileSync(`${place}/plain`, '')
    expect(await fallback({ TMPDIR: `${place}/plain` })).toEqual(NOT_A_DIRECTORY)
    expect(fallbackDirectories('acme', {})).toEqual([`/tmp/acme-${process.getuid?.()}`])
    expect(fallbackDirectories('acme', { TMP: '/t', XDG_RUNTIME_DIR: '/r' })).toEqual([
      `/r/acme`,
      `/t/acme-${process.getuid?.()}`,
    ])
    expect(fallbackDirectories('acme', { TMPDIR: '/' })[0]).toMatch(/^\/+acme-/)
  })
})

describe('defaultDirectory()', () => {
  it.each<[string, string, string | null]>([
    ['HOME', '/home/me', '/home/me/.acme'],
    ['a HOME that ends in a slash', '/home/me/', '/home/me/.acme'],
    ['a relative HOME', 'me', null],
  ])('with %s', async (_, home, expected) => {
    expect(await ask(`(process.env.HOME = ${JSON.stringify(home)}, own.defaultDirectory('acme'))`)).toBe(expected)
  })

  it.runIf(IS_ROOT)('with neither HOME nor a passwd entry is null', async () => {
    const text = `import * as own from ${OWN}; console.log(own.defaultDirectory('acme'))`
    const { stdout } = await runNode(['--input-type=module', '-e', text], { env: {}, uid: 43210, gid: 43210, cwd: '/' })
    expect(stdout).toBe('null\n')
  })
})

describe('a command whose home', () => {
  async function command(env: Record<string, string>, accepted: number): Promise<void> {
    const posthog = await startFakePostHog()
    onTestFinished(() => posthog.close())
    const variables = { PATH: process.env['PATH'] ?? '', POSTHOG: posthog.url, ...env }
    const end = await runNode([program('command.mjs'), 'ok'], { env: variables, cwd: '/', ...asUser })
    expect([end.code, end.stdout, end.stderr]).toEqual([0, 'done\n', ''])
    if (accepted > 0) await posthog.waitFor(({ acceptedByUuid }) => acceptedByUuid.size === accepted)
    await waitUntil('no reporter lives', () => processesNaming(place).length === 0)
    expect(posthog.acceptedByUuid.size).toBe(accepted)
  }

  it('takes no writes is recorded in its stand-in, and delivered', async () => {
    const [home, runtime, temporary] = [ours(`${place}/home`, 0o500), ours(`${place}/run`), ours(`${place}/tmp`)]
    await command({ HOME: home, XDG_RUNTIME_DIR: runtime, TMPDIR: temporary }, 1)
    expect(existsSync(`${runtime}/acme/usage.json`)).toBe(true)
    await command({ HOME: home, TMPDIR: temporary }, 1)
    expect(existsSync(`${temporary}/acme-${UID}/usage.json`)).toBe(true)
    chmodSync(home, 0o700)
  })

  it.runIf(IS_ROOT)("holds root's leftovers records nothing, anywhere", async () => {
    const [home, temporary] = [ours(`${place}/home`), ours(`${place}/tmp`)]
    theirs(`${home}/.acme`)
    await command({ HOME: home, TMPDIR: temporary }, 0)
    expect(existsSync(`${home}/.acme/telemetry`)).toBe(false)
    expect(existsSync(`${temporary}/acme-${UID}`)).toBe(false)
  })
})
