/** What Node makes of a write that the kernel cuts short or refuses: one call of ours is all there is to it. */
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { makeHome } from '../support/home.ts'
import { start } from '../support/run.ts'

const STRACE = '/usr/bin/strace'
const MODULE = new URL('../../dist/files/write-whole.js', import.meta.url).href
const TEXT = 'größer als gedacht'
const PROGRAM = `
  import { writeWhole } from ${JSON.stringify(MODULE)}
  try { writeWhole(process.argv[1], ${JSON.stringify(TEXT)}, 'wx') } catch (error) { console.log(error.code) }`

/** Runs PROGRAM with its first write to the file made so. */
async function withWrite(path: string, made: string): Promise<string> {
  const trace = ['-f', '-qq', '-o', '/dev/null', '-P', path, '-e', `inject=write,pwrite64:${made}:when=1`]
  const words = [...trace, process.execPath, '--input-type=module', '-e', PROGRAM, path]
  const { stdout } = await start(STRACE, words).finished
  return stdout.trim()
}

test('writeWhole() goes on after a short write where it ended', async ({ skip }) => {
  skip(!existsSync(STRACE), 'needs strace')
  const path = `${makeHome().path}/a`
  // Said to be written, but not: what is in the file is what was written after it.
  expect(await withWrite(path, 'retval=5')).toBe('')
  expect(readFileSync(path)).toEqual(Buffer.from(TEXT).subarray(5))
})

test('writeWhole() throws what the kernel says of a write', async ({ skip }) => {
  skip(!existsSync(STRACE), 'needs strace')
  expect(await withWrite(`${makeHome().path}/a`, 'error=ENOSPC')).toBe('ENOSPC')
})
