/** `afterword proxy --launch` with a real Chromium: it starts one, starts it again, says how it ended, and leaves none behind. */
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dialCdp } from '../support/chromium-client.ts'
import { NO_CHROMIUM } from '../support/chromium.ts'
import { NO_DISPLAY, startDisplay } from '../support/display.ts'
import { type Home, makeHome } from '../support/home.ts'
import { waitUntil } from '../support/wait-until.ts'
import { startAfterword } from './program.ts'

/** The command lines of processes that work in this home's profiles. */
function chromiumsOf(home: Home): readonly { readonly pid: number; readonly words: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => ({ pid: Number(pid), words: commandLine(pid) }))
    .filter(({ words }) => words.includes(`${home.path}/afterword-chromium-`))
}

/** Those that the others are children of: one, if all is well. */
function browsersOf(home: Home): readonly number[] {
  return chromiumsOf(home)
    .filter(({ words }) => !words.includes('--type=') && !words.includes('crashpad'))
    .map(({ pid }) => pid)
}

function parentOf(pid = 0): number {
  return Number(/^PPid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return '' // ended
  }
}

function nothingIsLeftOf(home: Home): void {
  expect(chromiumsOf(home)).toEqual([])
  expect(readdirSync(home.path).filter((name) => name.startsWith('afterword-chromium-'))).toEqual([])
}

/** Runs it, and waits until its browser answers through it. */
async function launching(home: Home, variables: Readonly<Record<string, string>> = {}) {
  const running = startAfterword(home, 'proxy --launch --app acme --listen 127.0.0.1:0 --json', variables)
  let stderr = ''
  running.child.stderr?.on('data', (text: string) => (stderr += text))
  onTestFinished(() => {
    for (const { pid } of chromiumsOf(home)) process.kill(pid, 'SIGKILL')
  })
  const url = await waitUntil('it listens', () => /Proxy on (\S+),/.exec(stderr)?.[1])
  const ws = `${url.replace('http', 'ws')}/devtools/browser`
  const answers = async () => {
    await waitUntil('it knows a browser', async () => (await fetch(`${url}/json/version`)).status === 200)
    const client = await dialCdp(ws)
    expect(await client.call('Browser.getVersion')).toHaveProperty('result.product')
    return client
  }
  return { ...running, answers, warned: () => stderr }
}

describe.skipIf(NO_CHROMIUM !== null)(`with Chromium${NO_CHROMIUM === null ? '' : ` (${NO_CHROMIUM})`}`, () => {
  test('--launch starts a Chromium, says how it ended, starts it again, and ends it with itself', async () => {
    const home = makeHome()
    const proxy = await launching(home)
    const client = await proxy.answers()
    const [first = 0] = browsersOf(home)
    process.kill(first, 'SIGSEGV')
    expect([1011, 1012]).toContain(await client.ended)
    await proxy.said('"reason":"upstream_changed"')
    await (await proxy.answers()).call('Browser.getVersion')
    expect(proxy.warned()).toContain('Chromium ended of SIGSEGV; it is started again')
    expect(browsersOf(home)).not.toContain(first)
    const last = await proxy.answers()
    await last.call('Browser.close')
    await waitUntil('its exit code is said', () => proxy.warned().includes('Chromium ended with exit code 0'))
    const told = (await proxy.answers()).ended
    proxy.child.kill('SIGTERM')
    expect(await told).toBe(1001)
    expect((await proxy.finished).code).toBe(0)
    nothingIsLeftOf(home)
  })

  test('--launch: a browser whose proxy was killed ends as well', async () => {
    const home = makeHome()
    const proxy = await launching(home)
    await proxy.answers()
    proxy.child.kill('SIGKILL')
    await proxy.finished
    await waitUntil('none of its processes is left', () => chromiumsOf(home).length === 0)
  })

  test('--launch: SIGTERM before it listens leaves nothing either', async () => {
    const home = makeHome()
    const folder = chromiumOf(home, `kill -TERM $PPID\nexec chromium "$@"`)
    const proxy = startAfterword(home, 'proxy --launch --app acme --listen 127.0.0.1:0', {
      PATH: `${folder}:${process.env['PATH']}`,
    })
    const { code, stderr } = await proxy.finished
    expect([code, stderr.includes('0 sessions.')]).toEqual([0, true])
    nothingIsLeftOf(home)
  })

  test.skipIf(NO_DISPLAY !== null)(
    `31: --launch after chrome://restart: one browser, its own and not the orphan, and none when it ends${NO_DISPLAY === null ? '' : ` (${NO_DISPLAY})`}`,
    async () => {
      const home = makeHome()
      const display = await startDisplay()
      // Headless it refuses to restart itself.
      const folder = chromiumOf(home, 'shift\nexec chromium "$@"')
      const proxy = await launching(home, { PATH: `${folder}:${process.env['PATH']}`, DISPLAY: display.name })
      const client = await proxy.answers()
      const [first] = browsersOf(home)
      await display.visit('chrome://restart')
      expect([1011, 1012]).toContain(await client.ended)
      await proxy.said('"reason":"upstream_changed"')
      await proxy.answers()
      expect(proxy.warned().match(/Chromium ended.*/g)).toEqual([
        'Chromium ended with exit code 0; it is started again',
      ])
      const browsers = browsersOf(home)
      expect([browsers.length, browsers[0] === first]).toEqual([1, false])
      expect(parentOf(browsers[0])).toBe(proxy.pid)
      proxy.child.kill('SIGTERM')
      expect((await proxy.finished).code).toBe(0)
      nothingIsLeftOf(home)
    },
  )
})

/** A folder for PATH, whose `chromium` is this script. */
function chromiumOf(home: Home, script: string): string {
  const folder = `${home.path}/bin`
  mkdirSync(folder)
  const real = 'PATH=${PATH#*:}' // or it would call itself
  writeFileSync(`${folder}/chromium`, `#!/bin/sh\n${real}\n${script}\n`)
  chmodSync(`${folder}/chromium`, 0o755)
  return folder
}
