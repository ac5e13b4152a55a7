import { describe, expect, it } from 'vitest'
import {
  detachSpawnOptions,
  IS_WINDOWS,
  windowsDetachFlags,
  windowsHideFlags,
} from '../../src/platform/windows-flags.ts'

describe('windows-flags', () => {
  it('windowsDetachFlags() is new group, detached, no window and breakaway', () => {
    expect(windowsDetachFlags(true)).toBe(0x09000208)
    expect(windowsDetachFlags(true)).toBe(0x200 | 0x8 | 0x08000000 | 0x01000000)
  })

  it('windowsDetachFlags() without breakaway keeps the rest', () => {
    expect(windowsDetachFlags(true, false)).toBe(0x08000208)
  })

  it('windowsHideFlags() is CREATE_NO_WINDOW alone', () => {
    expect(windowsHideFlags(true)).toBe(0x08000000)
  })

  it('both are 0 where there is no Windows', () => {
    expect([windowsDetachFlags(false), windowsDetachFlags(false, false), windowsHideFlags(false)]).toEqual([0, 0, 0])
  })

  it('IS_WINDOWS is the default of each', () => {
    expect(windowsDetachFlags()).toBe(windowsDetachFlags(IS_WINDOWS))
    expect(windowsHideFlags()).toBe(windowsHideFlags(IS_WINDOWS))
    expect(detachSpawnOptions()).toEqual(detachSpawnOptions(IS_WINDOWS))
  })

  it.each([true, false])(
    'detachSpawnOptions(windows: %s) never uses a shell and hides the window on Windows',
    (windows) => {
      expect(detachSpawnOptions(windows)).toEqual({ detached: true, windowsHide: windows, shell: false })
    },
  )
})
