import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { TrackingReport } from '../../src/cli/choose-tracking.ts'
import { cleanEnvironment } from '../support/environment.ts'
import { makeHome } from '../support/home.ts'
import { start } from '../support/run.ts'
import { acme, afterword, BIN, leaveWaiting } from './program.ts'

const DOWN = 'http://127.0.0.1:9'

test('off erases ids and what waits, and says so', async () => {
  const home = makeHome()
  await acme(home, DOWN)
  await leaveWaiting(home, DOWN)
  const { code, stdout, stderr } = await afterword(home, 'off --app acme')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toBe(
    [
      'Usage tracking of acme: off.',
      `Stored in ${home.layout.consent}.`,
      'Erased: 2 waiting events and the id of this installation.',
      'A request that is already on the wire is not called back.',
      '',
    ].join('\n'),
  )
  expect(home.files()).toEqual(['telemetry/consent.json'])
  await acme(home, DOWN)
  expect(home.files()).toEqual(['telemetry/consent.json'])
  expect((await afterword(home, 'off --app acme')).stdout).toContain('There was nothing to erase.')
})

test('on allows it again; a first off needs nothing to be there', async () => {
  const home = makeHome()
  expect((await afterword(home, 'off --app acme')).code).toBe(0)
  expect(readFileSync(home.layout.consent, 'utf8')).toBe('{"tracking":"off"}\n')
  const { code, stdout } = await afterword(home, 'on --app acme')
  expect(code).toBe(0)
  expect(stdout).toBe(`Usage tracking of acme: on.\nStored in ${home.layout.consent}.\n`)
  expect(readFileSync(home.layout.consent, 'utf8')).toBe('{"tracking":"on"}\n')
  await leaveWaiting(home, DOWN)
  expect(home.pending()).toHaveLength(1)
})

describe('on and off say if something else decides', () => {
  test.each([
    ['on', { DO_NOT_TRACK: '1' }, 'Something else decides here. Off: DO_NOT_TRACK is set.'],
    ['off', { DO_NOT_TRACK: '1' }, 'Something else decides here. Off: DO_NOT_TRACK is set.'],
    ['on', { ACME_USAGE_TRACKING: 'off' }, 'Something else decides here. Off: ACME_USAGE_TRACKING is set'],
    ['on', { ACME_USAGE_TRACKING: 'log' }, 'Something else decides here. Log: ACME_USAGE_TRACKING=log'],
    ['on', { CI: '1' }, 'Something else decides here. Off: this is a CI system'],
  ] as const)('%s under %j', async (tracking, variables, words) => {
    const home = makeHome()
    const { code, stdout } = await afterword(home, `${tracking} --app acme`, variables)
    expect(code).toBe(0)
    expect(stdout).toContain(words)
    expect(readFileSync(home.layout.consent, 'utf8')).toBe(`{"tracking":"${tracking}"}\n`)
  })
})

test('off --json', async () => {
  const home = makeHome()
  await leaveWaiting(home, DOWN)
  const { stdout } = await afterword(home, 'off --app acme --json', { DO_NOT_TRACK: '1' })
  expect(JSON.parse(stdout) as TrackingReport).toEqual({
    app: 'acme',
    tracking: 'off',
    storedIn: [home.layout.consent],
    erased: { events: 1, identity: true },
    left: [],
    consent: { allowed: false, source: 'DO_NOT_TRACK', explanation: 'Off: DO_NOT_TRACK is set.' },
  })
})

describe('on and off exit 1 where nothing can be stored, and say what to do', () => {
  test.each(['on', 'off'])('%s: a file stands where the folder should be', async (tracking) => {
    const home = makeHome()
    writeFileSync(home.layout.directory, 'mine')
    const { code, stdout, stderr } = await afterword(home, `${tracking} --app acme`)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(
      `afterword ${tracking}: ${home.layout.directory}, or telemetry in it, is not a plain folder.`,
    )
    expect(stderr).toContain('ACME_USAGE_TRACKING=0 or DO_NOT_TRACK=1 in the environment says no.')
    expect(readFileSync(home.layout.directory, 'utf8')).toBe('mine')
  })

  test('telemetry/ is a link', async () => {
    const home = makeHome()
    mkdirSync(home.layout.directory)
    mkdirSync(`${home.path}/elsewhere`)
    symlinkSync(`${home.path}/elsewhere`, home.layout.telemetry)
    expect((await afterword(home, 'off --app acme')).code).toBe(1)
    expect(existsSync(`${home.path}/elsewhere/consent.json`)).toBe(false)
  })

  test.skipIf(process.getuid?.() !== 0)('another user owns it', async () => {
    const home = makeHome()
    mkdirSync(home.layout.directory)
    chownSync(home.layout.directory, 12345, 12345)
    const { code, stderr } = await afterword(home, 'off --app acme')
    expect(code).toBe(1)
    expect(stderr).toContain('belongs to another user')
    expect((await afterword(home, 'status --app acme')).stdout).toMatch(
      /^ +nothing is recorded: .*belongs to another user/m,
    )
    mkdirSync(home.layout.pending, { recursive: true })
    const flush = await afterword(home, 'flush --app acme')
    expect(flush.stdout).toContain('belongs to another user')
    expect(home.files()).toEqual([])
  })
})

test('a directory that takes no writes: the choice goes to a stand-in', async () => {
  // Root may write everywhere, so the program runs as nobody, in a home that it owns.
  const path = mkdtempSync('/tmp/afterword-nobody-')
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  const other = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}
  const uid = 'uid' in other ? other.uid : process.getuid?.()
  mkdirSync(`${path}/.acme/telemetry`, { recursive: true, mode: 0o700 })
  mkdirSync(`${path}/tmp`, { mode: 0o700 })
  if ('uid' in other)
    for (const each of ['', '/tmp', '/.acme', '/.acme/telemetry']) chownSync(path + each, 65534, 65534)
  chmodSync(`${path}/.acme/telemetry`, 0o500)
  const run = (words: string) =>
    start(process.execPath, [BIN, ...words.split(' ')], {
      cwd: '/',
      env: { ...cleanEnvironment(path), TMPDIR: `${path}/tmp` },
      ...other,
    }).finished
  const on = await run('on --app acme')
  expect(on).toMatchObject({ code: 0, stderr: '' })
  expect(on.stdout).toContain(`Stored in ${path}/tmp/acme-${uid}/telemetry/consent.json.`)
  const off = await run('off --app acme')
  expect(off).toMatchObject({ code: 0, stderr: '' })
  expect(off.stdout).toContain(`Stored in ${path}/tmp/acme-${uid}/telemetry/consent.json.`)
  expect((await run('status --app acme')).stdout).toMatch(/^consent +Off: /m)
})
