/** The promise of a 200: what was acknowledged is there after the collector was killed in the middle of its work. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { rolldown } from 'rolldown'
import { v7 } from 'uuid'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startCollector } from '../../src/collector/collector.ts'

const directory = mkdtempSync(join(tmpdir(), 'afterword-collector-'))
const children: ChildProcess[] = []

const PROGRAM = `import { startCollector } from './collector.mjs'
const { url } = await startCollector({ listen: '127.0.0.1:0', database: process.argv[2] })
process.send(url)
process.on('message', () => process.exit())
`

// Node 20 runs no TypeScript, and dist may be of yesterday.
beforeAll(async () => {
  const bundle = await rolldown({ input: resolve('src/collector/collector.ts'), platform: 'node' })
  await bundle.write({ file: join(directory, 'collector.mjs'), format: 'esm' })
  symlinkSync(resolve('node_modules'), join(directory, 'node_modules'))
  writeFileSync(join(directory, 'program.mjs'), PROGRAM)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(() => rmSync(directory, { recursive: true }))

async function startChild(database: string): Promise<{ child: ChildProcess; url: string; output: () => string }> {
  const stdio = ['ignore', 'pipe', 'pipe', 'ipc'] as const
  const child = spawn(process.execPath, [join(directory, 'program.mjs'), database], { stdio: [...stdio] })
  children.push(child)
  let output = ''
  child.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  child.stderr?.on('data', (bytes: Buffer) => (output += bytes.toString()))
  const url = await Promise.race([
    once(child, 'message').then(([message]) => String(message)),
    once(child, 'exit').then(() => Promise.reject(new Error(`the collector ended: ${output}`))),
  ])
  return { child, url, output: () => output }
}

/** Sends until the server is gone; resolves with the uuids that were acknowledged. */
async function sendUntilGone(url: string, acknowledged: Set<string>, onProgress: () => void): Promise<void> {
  for (;;) {
    const batch = Array.from({ length: 20 }, () => ({ uuid: v7(), event: 'e', distinct_id: 'd' }))
    const body = JSON.stringify({ api_key: 'k', batch })
    try {
      const response = await fetch(`${url}/batch/`, { method: 'POST', body })
      if (response.status !== 200) throw new Error(`answered ${response.status}`)
      await response.text()
    } catch {
      return
    }
    for (const { uuid } of batch) acknowledged.add(uuid)
    onProgress()
  }
}

test('every acknowledged event outlives SIGKILL, round after round, and the file goes on', async () => {
  const database = join(directory, 'killed.db')
  const acknowledged = new Set<string>()
  for (let round = 1; round <= 3; round++) {
    const { child, url, output } = await startChild(database)
    const goal = acknowledged.size + 2000
    const kill = (): void => {
      if (acknowledged.size >= goal) child.kill('SIGKILL')
    }
    await Promise.all(Array.from({ length: 4 }, () => sendUntilGone(url, acknowledged, kill)))
    expect(output()).toBe('')
    expect(acknowledged.size).toBeGreaterThanOrEqual(goal)
  }

  const collector = await startCollector({ listen: '127.0.0.1:0', database })
  const kept = new Set<string>()
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page = collector.listEvents({ after, limit: 1000 })
    for (const { uuid } of page.events) kept.add(uuid)
    after = page.next ?? undefined
  }
  await collector.stop()
  expect([...acknowledged].filter((uuid) => !kept.has(uuid))).toEqual([])
  // At most the requests in flight at a kill are there without an answer.
  expect(kept.size - acknowledged.size).toBeLessThanOrEqual(3 * 4 * 20)
})
