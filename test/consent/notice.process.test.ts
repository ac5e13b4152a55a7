import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'

const PROGRAM = fileURLToPath(new URL('../programs/show-notice.mjs', import.meta.url))
let directory: string
let marker: string
let children: ChildProcessWithoutNullStreams[]

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'notice-race-'))
  marker = join(directory, 'notice-shown')
  children = []
})
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(directory, { recursive: true })
})

/** A child that waits for its standard input to end. */
function startShowing() {
  const child = spawn(process.execPath, [PROGRAM, marker])
  children.push(child)
  const said = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()))
  return { child, ready: once(child.stdout, 'data'), end: once(child, 'close').then(() => said) }
}

test('showNotice() of 20 processes at once shows it exactly once', async () => {
  const racers = Array.from({ length: 20 }, startShowing)
  await Promise.all(racers.map((racer) => racer.ready))
  for (const { child } of racers) child.stdin.end()
  const ends = await Promise.all(racers.map((racer) => racer.end))
  expect(ends.map((said) => said.stdout).sort()).toEqual([...Array(19).fill('ready,already'), 'ready,shown'])
  expect(ends.map((said) => said.stderr).join('')).toBe('the notice\n')
})

test('showNotice() survives a closed stderr, and stays due', async () => {
  const { child, ready, end } = startShowing()
  await ready
  child.stderr.destroy()
  await once(child.stderr, 'close')
  child.stdin.end()
  expect((await end).stdout).toBe('ready,failed')
  expect(existsSync(marker)).toBe(false)
})
