import { describe, expect, it } from 'vitest'
import type { Prepared } from '../../src/platform/detached-spawn.ts'
import { THIS_PROCESS, type WindowsCalls } from '../../src/platform/windows-calls.ts'
import { climb } from '../../src/platform/windows-job.ts'
import { decideWindowsLadder, type LadderFacts } from '../../src/platform/windows-ladder.ts'

const FRESH: LadderFacts = { hasCalls: true, inJob: true, withBreakaway: null, withoutBreakaway: null }
const WITH = { step: 'create', rung: 'withBreakaway', flags: 0x09000608 }
const WITHOUT = { step: 'create', rung: 'withoutBreakaway', flags: 0x08000608 }

describe('decideWindowsLadder()', () => {
  it.each<[string, Partial<LadderFacts>, object]>([
    ['no way to call', { hasCalls: false, inJob: null }, { step: 'spawn', why: 'no-calls' }],
    ['nobody knows whether there is a job', { inJob: null }, { step: 'spawn', why: 'calls-failed' }],
    ['no job', { inJob: false }, { step: 'spawn', why: 'not-in-a-job' }],
    ['a job', {}, WITH],
    ['a job that lets go', { withBreakaway: 0 }, { step: 'created' }],
    ['a job that forbids it', { withBreakaway: 5 }, WITHOUT],
    ['and starts it inside', { withBreakaway: 5, withoutBreakaway: 0 }, { step: 'created' }],
    ['and refuses that too', { withBreakaway: 5, withoutBreakaway: 5 }, { step: 'spawn', why: 'calls-failed' }],
    [
      'and the layer fails then',
      { withBreakaway: 5, withoutBreakaway: 'threw' },
      { step: 'spawn', why: 'calls-failed' },
    ],
    ['another error', { withBreakaway: 87 }, { step: 'spawn', why: 'calls-failed' }],
    ['the layer fails', { withBreakaway: 'threw' }, { step: 'spawn', why: 'calls-failed' }],
  ])('%s', (_, facts, step) => {
    expect(decideWindowsLadder({ ...FRESH, ...facts })).toEqual(step)
  })
})

const PREPARED: Prepared = {
  kind: 'ready',
  command: 'C:\\nodejs\\node.exe',
  args: ['C:\\a b\\main.cjs', 'report'],
  box: 'inside',
  options: { cwd: 'C:\\Windows', env: { TEMP: 'C:\\t' }, windowsHide: true, shell: false },
}

interface Job {
  readonly holdsUs: boolean | null | 'throws'
  readonly errors: readonly (number | 'throws')[]
  readonly holdsChild?: boolean | null
}

/** A Windows that answers so, and notes what it was asked. */
function windows({ holdsUs, errors, holdsChild = false }: Job): WindowsCalls & { readonly asked: string[] } {
  const asked: string[] = []
  const left = [...errors]
  return {
    asked,
    isInJob(handle) {
      if (handle !== THIS_PROCESS) return holdsChild
      if (holdsUs === 'throws') throw new Error('denied')
      return holdsUs
    },
    createProcess({ flags, commandLine, directory }) {
      asked.push(`${flags.toString(16)} ${commandLine.toString('utf16le')} in ${directory.toString('utf16le')}`)
      const error = left.shift() ?? 0
      if (error === 'throws') throw new Error('wrong signature')
      return error === 0 ? { error, created: { process: 100n, thread: 104n, pid: 42 } } : { error, created: null }
    },
    closeHandle: (handle) => void asked.push(`close ${handle}`),
  }
}

const LINE = '"C:\\nodejs\\node.exe" "C:\\a b\\main.cjs" report\0 in C:\\Windows\0'

describe('climb()', () => {
  it('starts it outside the job, closes both handles, and says that it is free', () => {
    const calls = windows({ holdsUs: true, errors: [0] })
    expect(climb(PREPARED, calls)).toEqual({ pid: 42, job: 'free' })
    expect(calls.asked).toEqual([`9000608 ${LINE}`, 'close 104', 'close 100'])
  })

  it('starts it inside when the job forbids leaving, and says so', () => {
    const calls = windows({ holdsUs: true, errors: [5, 0], holdsChild: true })
    expect(climb(PREPARED, calls)).toEqual({ pid: 42, job: 'partial' })
    expect(calls.asked.slice(0, 2)).toEqual([`9000608 ${LINE}`, `8000608 ${LINE}`])
  })

  it('says partial when a nested job keeps what CreateProcess let go, or nobody knows', () => {
    expect(climb(PREPARED, windows({ holdsUs: true, errors: [0], holdsChild: true }))).toMatchObject({ job: 'partial' })
    expect(climb(PREPARED, windows({ holdsUs: true, errors: [0], holdsChild: null }))).toMatchObject({ job: 'partial' })
  })

  it.each<[string, Job | null, string]>([
    ['without calls', null, 'no-calls'],
    ['outside any job', { holdsUs: false, errors: [] }, 'not-in-a-job'],
    ['when the question fails', { holdsUs: null, errors: [] }, 'calls-failed'],
    ['when the question throws', { holdsUs: 'throws', errors: [] }, 'calls-failed'],
    ['when creation throws', { holdsUs: true, errors: ['throws'] }, 'calls-failed'],
    ['when creation fails otherwise', { holdsUs: true, errors: [1455] }, 'calls-failed'],
    ['when it fails both ways', { holdsUs: true, errors: [5, 5] }, 'calls-failed'],
  ])('leaves it to spawn %s', (_, job, why) => {
    expect(climb(PREPARED, job === null ? null : windows(job))).toBe(why)
  })
})
