import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { beforeEach, describe, expect, it } from 'vitest'
import { replaceFile } from '../../src/files/atomic-write.ts'
import { LOCK_STALE_MS, withFileLock } from '../../src/files/file-lock.ts'
import { makeHome } from '../support/home.ts'
import { runNode, start } from '../support/run.ts'
import { TIMED } from '../support/timed.ts'

const URLS = ['file-lock', 'atomic-write'].map((name) => new URL(`../../dist/files/${name}.js`, import.meta.url).href)
const IMPORTS = `import fs from 'node:fs'
  import { withFileLock } from ${JSON.stringify(URLS[0])}
  import { replaceFile } from ${JSON.stringify(URLS[1])}
  const path = process.argv[1]`

let folder: string
let path: string
let env: Record<string, string>
beforeEach(() => {
  const home = makeHome()
  folder = home.path
  env = home.env()
  path = `${folder}/usage.json`
})

const node = (program: string): readonly string[] => ['--input-type=module', '-e', `${IMPORTS}\n${program}`, path]

describe('withFileLock()', () => {
  it('gives the value of the change, and leaves no lock', () => {
    expect(withFileLock(path, 0, () => existsSync(`${path}.lock`))).toEqual({ kind: 'done', value: true })
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it('is busy while another has it, and waits no longer than told', TIMED, () => {
    const startedAt = Date.now()
    const inner = withFileLock(path, 1000, () => [withFileLock(path, 0, () => 1), withFileLock(path, 100, () => 1)])
    expect(inner).toEqual({ kind: 'done', value: [{ kind: 'busy' }, { kind: 'busy' }] })
    expect(Date.now() - startedAt).toBeLessThan(1000)
  })

  it('takes over the lock of a holder that was killed', async () => {
    const holder = start(process.execPath, node("withFileLock(path, 0, () => { console.log('held'); for (;;); })"), {
      env,
    })
    await holder.said('held')
    expect(withFileLock(path, 0, () => 1)).toEqual({ kind: 'busy' })
    holder.child.kill('SIGKILL')
    await holder.finished
    expect(withFileLock(path, 0, () => 1)).toEqual({ kind: 'busy' })
    const past = (Date.now() - LOCK_STALE_MS - 1000) / 1000
    utimesSync(`${path}.lock`, past, past)
    expect(withFileLock(path, 0, () => 1)).toEqual({ kind: 'done', value: 1 })
    expect(existsSync(`${path}.lock`)).toBe(false)
  })

  it('where no lock can be made fails as an outcome', () => {
    expect(withFileLock(`${folder}/nowhere/usage.json`, 0, () => 1)).toEqual({ kind: 'failed', reason: 'ENOENT' })
    writeFileSync(`${path}.lock`, '')
    expect(withFileLock(path, 0, () => 1).kind).not.toBe('done')
  })

  it('loses no change of many that happen at once', async () => {
    writeFileSync(path, '0')
    const add = node(`for (let done = 0; done < 5; ) {
      const locked = withFileLock(path, 10_000, () => {
        const seen = fs.readFileSync(path, 'utf8')
        return replaceFile(path, String(Number(seen) + 1), seen).kind
      })
      if (locked.value === 'replaced') done += 1
    }`)
    const ends = await Promise.all(Array.from({ length: 6 }, () => runNode(add, { env })))
    expect(ends.map(({ code, stderr }) => [code, stderr])).toEqual(Array.from({ length: 6 }, () => [0, '']))
    expect(readFileSync(path, 'utf8')).toBe('30')
  })

  it('of two holders (one was stopped until its lock was stale) the second to write is superseded', async () => {
    writeFileSync(path, 'old')
    const slow = start(
      process.execPath,
      node(`const locked = withFileLock(path, 0, () => {
        const seen = fs.readFileSync(path, 'utf8')
        console.log('read')
        while (!fs.existsSync(path + '.go'));
        return replaceFile(path, 'slow', seen).kind
      })
      console.log(JSON.stringify(locked))`),
      { env },
    )
    await slow.said('read')
    slow.child.kill('SIGSTOP')
    const past = (Date.now() - LOCK_STALE_MS - 1000) / 1000
    utimesSync(`${path}.lock`, past, past)
    const fast = withFileLock(path, 0, () => replaceFile(path, 'fast', 'old').kind)
    expect(fast).toEqual({ kind: 'done', value: 'replaced' })
    mkdirSync(`${path}.go`)
    slow.child.kill('SIGCONT')
    const { code, stdout, stderr } = await slow.finished
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout.split('\n')[1] ?? '')).toEqual({ kind: 'done', value: 'superseded' })
    expect(readFileSync(path, 'utf8')).toBe('fast')
  })
})
