/**
 * The creation flags of Win32's CreateProcess that matter here, and what Node's spawn can say of them. Elsewhere they are 0.
 * Numbers: MicrosoftDocs/win32, desktop-src/ProcThread/process-creation-flags.md.
 */
export const IS_WINDOWS: boolean = process.platform === 'win32'

const DETACHED_PROCESS = 0x0000_0008
const CREATE_NEW_PROCESS_GROUP = 0x0000_0200
const CREATE_BREAKAWAY_FROM_JOB = 0x0100_0000
const CREATE_NO_WINDOW = 0x0800_0000

/**
 * For a child that outlives us: 0x09000208, or with `breakaway` false 0x08000208. No console of its own, so no window to flash
 * (CREATE_NO_WINDOW is dead weight beside DETACHED_PROCESS, and what libuv sets too); Ctrl-C of our group does not reach it; a job
 * that allows it lets go of it, and one that forbids it makes CreateProcess fail with 5. Node's spawn gives all but the last.
 */
export function windowsDetachFlags(windows: boolean = IS_WINDOWS, breakaway = true): number {
  if (!windows) return 0
  return DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW | (breakaway ? CREATE_BREAKAWAY_FROM_JOB : 0)
}

/** For a short console tool whose output is captured: 0x08000000. It has a hidden console, and so have its children. */
export function windowsHideFlags(windows: boolean = IS_WINDOWS): number {
  return windows ? CREATE_NO_WINDOW : 0
}

export interface DetachSpawnOptions {
  /** POSIX: setsid(). Windows: DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP, and outside libuv's own job. */
  readonly detached: true
  /** CREATE_NO_WINDOW and SW_HIDE. */
  readonly windowsHide: boolean
  readonly shell: false
}

/** The nearest that `child_process.spawn` has: all of {@link windowsDetachFlags} but the breakaway. */
export function detachSpawnOptions(windows: boolean = IS_WINDOWS): DetachSpawnOptions {
  return { detached: true, windowsHide: windows, shell: false }
}
