import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

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

  it('holds posthog-node, and does not load what nothing uses', () => {
    expect(text).toContain('posthog-node')
    expect(text).not.toMatch(/require\(["']node:(?:readline|fs\/promises|https|tls|dns)["']\)/)
  })
})
