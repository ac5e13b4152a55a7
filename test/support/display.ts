/** A screen of the test's own (Xvfb), and somebody who types at it (xdotool): what a browser does only for a person. */
import { spawn, spawnSync } from 'node:child_process'
import { onTestFinished } from 'vitest'
import { waitUntil } from './wait-until.ts'

export const NO_DISPLAY: string | null =
  spawnSync('sh', ['-c', 'command -v Xvfb && command -v xdotool']).status === 0
    ? null
    : 'no Xvfb and xdotool on PATH: sh test/chromium/setup.sh'

export interface Display {
  /** `:1`, for `DISPLAY`. */
  readonly name: string
  /** Into the address bar of the one Chromium that is shown, and Enter. */
  visit(url: string): Promise<void>
}

export async function startDisplay(): Promise<Display> {
  const args = ['-displayfd', '3', '-screen', '0', '800x600x24', '-nolisten', 'tcp']
  const child = spawn('Xvfb', args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const gone = new Promise((resolve) => child.once('exit', resolve))
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await gone
  })
  let number = ''
  child.stdio[3]?.on('data', (digits: Buffer) => (number += digits))
  await waitUntil('the screen is there', () => number.endsWith('\n'))
  const name = `:${number.trim()}`
  const xdotool = (...words: readonly string[]): string =>
    spawnSync('xdotool', words, { env: { ...process.env, DISPLAY: name }, encoding: 'utf8' }).stdout.trim()
  return {
    name,
    visit: async (url) => {
      const window = await waitUntil('a window is shown', () =>
        xdotool('search', '--onlyvisible', '--class', 'chromium').split('\n').findLast(Boolean),
      )
      // No window manager: nobody else gives it the keyboard.
      xdotool('windowfocus', '--sync', window)
      xdotool('key', '--clearmodifiers', 'ctrl+l')
      xdotool('type', url)
      xdotool('key', 'Return')
    },
  }
}
