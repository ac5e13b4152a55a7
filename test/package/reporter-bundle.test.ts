import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** 178 kB when this was written, of them 44 kB ours. */
const BYTES_MAX = 190_000

const read = (name: string): string => readFileSync(new URL(`../../dist/reporter/${name}`, import.meta.url), 'utf8')

describe('the built reporter', () => {
  const text = read('main.cjs')

  it.each([
    ['starts no process', /child_process/],
    ['writes to no standard stream', /process\.std(?:out|err|in)|writeSync\(\s*[12]\b/],
    ['says nothing, whatever posthog-node would like to say', /\bconsole\s*(?:\.|\[)/],
    ['reads no user configuration', /homedir\(|rc-file|cosmiconfig/],
    ['evaluates no text', /\beval\(|new Function\(|runInThisContext/],
    ['imports nothing later', /\bimport\(/],
  ])('%s', (_, forbidden) => {
    expect(forbidden.exec(text)?.[0]).toBeUndefined()
  })

  it.each(['main.cjs', 'look-up-main.cjs'])('requires nothing but built-in modules: %s', (name) => {
    const required = [...read(name).matchAll(/\brequire\(([^)]*)\)/g)].map(([, argument]) => argument)
    expect(required.filter((argument) => !/^["']node:[a-z_]+["']$/.test(argument ?? ''))).toEqual([])
  })

  it(`is ASCII without white space between its words, at most ${BYTES_MAX} bytes: every process reads all of it`, () => {
    expect(/[^\t\n -~]/.exec(text)?.[0]).toBeUndefined()
    expect(text).not.toMatch(/\n[\t ]+(?:if|for|return|const) /)
    expect(text.length).toBeLessThanOrEqual(BYTES_MAX)
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
