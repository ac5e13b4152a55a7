import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { describe, expect, it } from 'vitest'

/** 165 kB when this was written, and 5. */
const BYTES_MAX = 170_000
const BOX_BYTES_MAX = 6_000

const read = (name: string): string => readFileSync(new URL(`../../dist/${name}`, import.meta.url), 'utf8')

describe('the built reporter', () => {
  const text = read('reporter/perform.cjs')
  const box = read('reporter/main.cjs')

  it.each([
    ['starts no process', /child_process/],
    ['writes to no standard stream', /process\.std(?:out|err|in)|writeSync\(\s*[12]\b/],
    ['says nothing, whatever posthog-node would like to say', /\bconsole\s*(?:\.|\[)/],
    ['reads no user configuration', /homedir\(|rc-file|cosmiconfig/],
    ['evaluates no text', /\beval\(|new Function\(|runInThisContext/],
    ['imports nothing later', /\bimport\(/],
  ])('%s', (_, forbidden) => {
    expect(forbidden.exec(text)?.[0]).toBeUndefined()
    // But for the one text that it is there for.
    expect(forbidden.exec(box.replace('runInThisContext', ''))?.[0]).toBeUndefined()
  })

  const bundles = ['reporter/main.cjs', 'reporter/perform.cjs', 'reporter/look-up-main.cjs', 'session/recovery.cjs']
  it.each(bundles)('requires nothing but built-in modules: %s', (name) => {
    const required = [...read(name).matchAll(/\brequire\(([^)]*)\)/g)].map(([, argument = '']) => argument)
    expect(required.filter((argument) => !isBuiltin(argument.replaceAll(/["'`]/g, '')))).toEqual([])
  })

  it('leaves what knows sessions to a file of its own', () => {
    const holders = ['session/recovery.cjs', 'reporter/perform.cjs'].filter((name) =>
      read(name).includes('claimed_elsewhere'),
    )
    expect(holders).toEqual(['session/recovery.cjs'])
  })

  it(`is ASCII without white space between its words, at most ${BYTES_MAX} bytes: every process reads all of it`, () => {
    expect(/[^\t\n -~]/.exec(text)?.[0]).toBeUndefined()
    expect(text).not.toMatch(/\n[\t ]+(?:if|for|return|const) /)
    expect(text.length).toBeLessThanOrEqual(BYTES_MAX)
    expect(/[^\t\n -~]/.exec(box)?.[0]).toBeUndefined()
    expect(box.length).toBeLessThanOrEqual(BOX_BYTES_MAX)
  })

  it('begins with a hash of the rest, by which its compiled form is known', () => {
    const hash = createHash('sha256').update(text.slice(19)).digest('hex').slice(0, 16)
    expect(text.slice(0, 19)).toBe(`//${hash}\n`)
  })

  // V8 checks every literal of a file when it loads it, and each such class costs it up to half a millisecond.
  it('has no literal with a class of Unicode', () => {
    const literals = [
      ...text.matchAll(/(?<=[=(,:?!&|;{}]|return ?)\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g),
    ]
    expect(literals.length).toBeGreaterThan(50)
    expect(literals.map(([literal]) => literal).filter((literal) => literal.includes('\\p{'))).toEqual([])
  })

  it('holds posthog-node, and does not load what nothing uses', () => {
    expect(text).toContain('posthog-node')
    expect(text).not.toMatch(/require\(["']node:(?:readline|fs\/promises|https|tls|dns)["']\)/)
  })
})
