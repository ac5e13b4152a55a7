import fs from 'node:fs'
import { basename } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { REPORTER_FILE, reporterVariables } from '../support/acme.ts'
import { enqueueMany, prepareSpool } from '../support/envelopes.ts'
import { type FakePostHog, startFakePostHog } from '../support/fake-posthog.ts'
import { type Home, makeHome } from '../support/home.ts'
import { type Finished, program, runNode, start } from '../support/run.ts'
import { bun, deno, node24, node26, reasonIfMissing } from '../support/runtimes.ts'

const DAY_MS = 24 * 3_600_000

let home: Home
let posthog: FakePostHog
beforeEach(async () => {
  home = makeHome()
  prepareSpool(home.layout)
  posthog = await startFakePostHog()
  onTestFinished(() => posthog.close())
})

/** One more event, and a reporter for it; how many were accepted by that. */
async function deliverOne(
  file = REPORTER_FILE,
  runtime: readonly [string, ...string[]] = [process.execPath],
): Promise<Finished & { readonly accepted: number }> {
  enqueueMany(home.layout, 1)
  const before = posthog.acceptedEvents.length
  const env = home.env({ ...reporterVariables(home, posthog.url), AFTERWORD_BOX: 'outside' })
  const [command, ...args] = runtime
  const { finished } = start(command, [...args, file], { env })
  const end = await finished
  return { ...end, accepted: posthog.acceptedEvents.length - before }
}

/** What is kept: one file, or null. */
function kept(): { readonly path: string; readonly inode: number; readonly bytes: Buffer } | null {
  const { compiled } = home.layout
  const [name, ...more] = fs.existsSync(compiled) ? fs.readdirSync(compiled) : []
  expect(more).toEqual([])
  const path = `${compiled}/${name}`
  return name === undefined ? null : { path, inode: fs.lstatSync(path).ino, bytes: fs.readFileSync(path) }
}

type Kept = NonNullable<ReturnType<typeof kept>>

let first: { readonly name: string; readonly bytes: Buffer } | null = null

/** As after a first reporter: a copy of what the first test's left. */
async function keptByFirst(): Promise<Kept> {
  if (first === null) {
    expect((await deliverOne()).code).toBe(0)
    const { path, bytes } = there()
    first = { name: basename(path), bytes }
  } else {
    fs.mkdirSync(home.layout.compiled, { mode: 0o700 })
    fs.writeFileSync(`${home.layout.compiled}/${first.name}`, first.bytes, { mode: 0o600 })
  }
  return there()
}

function there(): Kept {
  const file = kept()
  if (file === null) throw new Error('a first reporter kept nothing')
  return file
}

describe("the reporter's compiled code", () => {
  it('is written down by the first reporter, taken by the next, and named by Node, processor and content', async () => {
    const first = await keptByFirst()
    const { mode } = fs.lstatSync(first.path)
    expect([mode & 0o777, fs.lstatSync(home.layout.compiled).mode & 0o777]).toEqual([0o600, 0o700])
    const content = /^\/\/([0-9a-f]{16})\n/.exec(
      fs.readFileSync(REPORTER_FILE.replace(/main\.cjs$/, 'perform.cjs'), 'utf8'),
    )?.[1]
    expect(first.path.endsWith(`/${process.version}-${process.arch}-${content}`)).toBe(true)
    expect(await deliverOne()).toMatchObject({ code: 0, accepted: 1 })
    expect(kept()?.inode, 'taken, so not written again').toBe(first.inode)
  })

  for (const [version, node] of [
    ['24', node24],
    ['26', node26],
  ] as const) {
    it.skipIf(node === null)(`is taken by Node ${version} too${reasonIfMissing(node)}`, async () => {
      const runtime = [node ?? ''] as const
      expect(await deliverOne(REPORTER_FILE, runtime)).toMatchObject({ code: 0, accepted: 1 })
      const { path, inode } = there()
      expect(path).toContain(`/v${version}.`)
      expect(await deliverOne(REPORTER_FILE, runtime)).toMatchObject({ code: 0, accepted: 1 })
      expect(kept()?.inode).toBe(inode)
    })
  }

  for (const [name, program, args] of [
    ['Bun', bun, []],
    ['Deno', deno, ['run', '--allow-all', '--quiet', '--no-config', '--no-lock']],
  ] as const) {
    it.skipIf(program === null)(`is not made by ${name}${reasonIfMissing(program)}`, async () => {
      expect(await deliverOne(REPORTER_FILE, [program ?? '', ...args])).toMatchObject({ code: 0, accepted: 1 })
      expect(kept()).toBe(null)
    })
  }

  it.each<[string, (path: string, bytes: Buffer) => void]>([
    ['has a flipped byte', (path, bytes) => fs.writeFileSync(path, bytes.fill((bytes[9000] ?? 0) ^ 1, 9000, 9001))],
    ['is cut short', (path, bytes) => fs.truncateSync(path, bytes.length - 2)],
    ['is empty', (path) => fs.truncateSync(path)],
    ['is whole, and not code', (path) => fs.writeFileSync(path, 'abab')],
    ['is of another V8', (path, bytes) => fs.writeFileSync(path, twice(other(bytes)))],
    ['can be written by others', (path) => fs.chmodSync(path, 0o666)],
    ['has another name somewhere', (path) => fs.linkSync(path, `${home.path}/elsewhere`)],
    ['is a link', (path) => (fs.renameSync(path, `${home.path}/there`), fs.symlinkSync(`${home.path}/there`, path))],
    ['is more than a day old', (path) => fs.utimesSync(path, new Date(), new Date(Date.now() - DAY_MS - 60_000))],
    ['is from tomorrow', (path) => fs.utimesSync(path, new Date(), new Date(Date.now() + DAY_MS + 60_000))],
  ])('that %s is not taken, and made anew', async (_, harm) => {
    const { path, bytes } = await keptByFirst()
    harm(path, Buffer.from(bytes))
    const before = fs.lstatSync(path)
    expect(await deliverOne()).toMatchObject({ code: 0, signal: null, stderr: '', accepted: 1 })
    const after = fs.lstatSync(path)
    expect([after.isFile(), after.nlink, after.mode & 0o777]).toEqual([true, 1, 0o600])
    expect(after.ino).not.toBe(before.ino)
    const now = fs.readFileSync(path)
    expect(now.subarray(0, now.length / 2).equals(now.subarray(now.length / 2))).toBe(true)
  })

  it.each<[string, (path: string) => void]>([
    ['a folder', (path) => (fs.rmSync(path), fs.mkdirSync(path))],
    ['a FIFO', (path) => (fs.rmSync(path), mkfifo(path))],
    ['in a folder that takes no writes', (path) => (fs.rmSync(path), asFile(home.layout.compiled))],
  ])('that is %s stops nothing', async (_, harm) => {
    const { path } = await keptByFirst()
    harm(path)
    expect(await deliverOne()).toMatchObject({ code: 0, stderr: '', accepted: 1 })
    const { compiled } = home.layout
    const left = fs.lstatSync(compiled).isDirectory() ? fs.readdirSync(compiled) : []
    expect(left.filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('of which any byte is flipped never reaches V8', async () => {
    const { path, bytes } = await keptByFirst()
    const { stdout, code, signal } = await runNode([program('take-compiled.mjs'), path, String(bytes.length)])
    expect([code, signal, stdout]).toEqual([0, null, 'whole: taken\n60 flipped: 0 taken\n'])
  })

  it('does not bring a directory back that was removed meanwhile', async () => {
    const delivered = deliverOne()
    await posthog.waitFor(({ acceptedEvents }) => acceptedEvents.length === 1)
    fs.rmSync(home.layout.directory, { recursive: true })
    await delivered
    expect(fs.existsSync(home.layout.directory)).toBe(false)
  })

  it('is kept of two versions of Node, not of three, and no torso', async () => {
    const { path } = await keptByFirst()
    const { compiled } = home.layout
    fs.rmSync(path)
    const old = [1, 2, 3].map((days) => {
      const name = `v20.${days}.0-x64-0123456789abcdef`
      fs.writeFileSync(`${compiled}/${name}`, 'aa')
      fs.utimesSync(`${compiled}/${name}`, new Date(), new Date(Date.now() - days * DAY_MS))
      return name
    })
    fs.writeFileSync(`${path}.4242.tmp`, 'a')
    // Not ours: stay.
    fs.writeFileSync(`${compiled}/notes`, 'mine')
    fs.mkdirSync(`${compiled}/v1.2.3-x64-0123456789abcdef`)
    expect((await deliverOne()).code).toBe(0)
    const stays = [path.slice(compiled.length + 1), old[0], 'notes', 'v1.2.3-x64-0123456789abcdef']
    expect(new Set(fs.readdirSync(compiled))).toEqual(new Set(stays))
  })

  it.each<[string, (file: string) => void]>([
    ['is missing', (file) => fs.rmSync(file)],
    ['is torn', (file) => fs.truncateSync(file, 50_000)],
    ["is another version's", (file) => fs.writeFileSync(file, '//0123456789abcdef\nexports.somethingElse = () => {}')],
  ])('a reporter whose file for the work %s ends with 1, and loses nothing (R51)', async (_, harm) => {
    const dist = `${home.path}/package/dist`
    fs.cpSync(new URL('../../dist', import.meta.url).pathname, dist, { recursive: true })
    harm(`${dist}/reporter/perform.cjs`)
    const { code, stdout, stderr } = await deliverOne(`${dist}/reporter/main.cjs`)
    expect([code, stdout, stderr, posthog.requests.length, home.pending().length]).toEqual([1, '', '', 0, 1])
    expect(await deliverOne()).toMatchObject({ code: 0, accepted: 2 })
  })
})

const twice = (half: Buffer): Buffer => Buffer.concat([half, half])

/** The half of `bytes` with another version in its head: V8's own check refuses it. */
function other(bytes: Buffer): Buffer {
  const half = bytes.subarray(0, bytes.length / 2)
  return half.fill((half[4] ?? 0) ^ 0xff, 4, 5)
}

function mkfifo(path: string): void {
  start('mkfifo', [path])
  while (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined);
}

function asFile(folder: string): void {
  fs.rmSync(folder, { recursive: true })
  fs.writeFileSync(folder, '')
}
