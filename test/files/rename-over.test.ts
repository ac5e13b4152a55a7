import { describe, expect, it } from 'vitest'
import { renameOver } from '../../src/files/rename-over.ts'

function failing(code: string, times: number): { readonly rename: () => void; readonly tried: () => number } {
  let tried = 0
  const rename = (): void => {
    if (tried++ < times) throw Object.assign(new Error(code), { code })
  }
  return { rename, tried: () => tried }
}

describe('renameOver()', () => {
  it.each(['EPERM', 'EACCES', 'EBUSY'])('tries again on Windows while it is %s', (code) => {
    const { rename, tried } = failing(code, 3)
    renameOver('a', 'b', true, rename)
    expect(tried()).toBe(4)
  })

  it('gives up on Windows after a quarter of a second', () => {
    const { rename, tried } = failing('EPERM', Number.POSITIVE_INFINITY)
    expect(() => renameOver('a', 'b', true, rename)).toThrow('EPERM')
    expect(tried()).toBe(51)
  })

  it.each([
    ['ENOENT', true],
    ['EPERM', false],
    ['EACCES', false],
  ])('%s (Windows: %s) is thrown at once', (code, windows) => {
    const { rename, tried } = failing(code, 1)
    expect(() => renameOver('a', 'b', windows, rename)).toThrow(code)
    expect(tried()).toBe(1)
  })
})
