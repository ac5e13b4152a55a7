import { describe, expect, test } from 'vitest'
import { type DirectoryFacts, judgeDirectory, judgeTelemetryFolder } from '../../../src/cli/probes/directory.ts'
import { judgeUsage, judgeUsageLock, type UsageFacts } from '../../../src/cli/probes/usage-file.ts'
import type { AnonId } from '../../../src/identity/identity.ts'
import { ANON_ID } from '../../support/envelopes.ts'

describe('directory and usage.json', () => {
  const facts: DirectoryFacts = {
    path: '/d',
    kind: 'there',
    unusable: null,
    write: null,
    mode: 0o40700,
    telemetryMode: 0o40700,
  }
  test.each([
    [{}, 'PASS', 'ours, 0700, 32 KiB written'],
    [{ write: 'ENOSPC' }, 'FAIL', 'the disk is full'],
    [{ write: 'not-tried' }, 'PASS', 'writable by its mode'],
    [{ unusable: 'not-ours' }, 'FAIL', 'another user'],
    [{ path: null, kind: 'absent', unusable: 'no-home', mode: null }, 'FAIL', 'no HOME'],
    [{ kind: 'absent', mode: null }, 'n/a', 'the first command makes it'],
  ] as const)('judgeDirectory(%j) is %s', (more, verdict, words) => {
    expect(judgeDirectory({ ...facts, ...more }, 'X')).toMatchObject({
      verdict,
      evidence: expect.stringContaining(words),
    })
  })

  test.each([
    [0o40700, 'PASS'],
    [0o40777, 'WARN'],
    [null, 'n/a'],
  ] as const)('judgeTelemetryFolder() of mode %o is %s', (telemetryMode, verdict) => {
    expect(judgeTelemetryFolder({ ...facts, telemetryMode }).verdict).toBe(verdict)
  })

  const identity = { anon_id: ANON_ID as AnonId, linked_principal_id: null }
  const usage: UsageFacts = {
    file: { kind: 'identity', identity, text: '' },
    mode: 0o600,
    setAside: 0,
    lock: { kind: 'absent' },
  }
  test.each([
    [{}, 'PASS', 'whole: anonymous 7f0c8a53'],
    [{ mode: 0o644 }, 'WARN', 'others may look'],
    [{ setAside: 1 }, 'PASS', '1 damaged one set aside'],
    [{ file: { kind: 'damaged', text: '{' } }, 'FAIL', 'no identity'],
    [{ file: { kind: 'unreadable', reason: 'EACCES' } }, 'FAIL', 'EACCES'],
    [{ file: { kind: 'absent' } }, 'n/a', 'not there yet'],
  ] as const)('judgeUsage(%j) is %s', (more, verdict, words) => {
    expect(judgeUsage({ ...usage, ...more })).toMatchObject({ verdict, evidence: expect.stringContaining(words) })
  })

  test.each([
    [{ kind: 'absent' }, 'PASS', 'free'],
    [{ kind: 'folder', ageMs: 40 }, 'PASS', 'held for 40 ms'],
    [{ kind: 'folder', ageMs: 60_000 }, 'WARN', 'left 60 seconds ago'],
    [{ kind: 'in-the-way', ageMs: 1 }, 'FAIL', 'no lock'],
  ] as const)('judgeUsageLock(%j) is %s', (lockFacts, verdict, words) => {
    expect(judgeUsageLock({ ...usage, lock: lockFacts })).toMatchObject({
      verdict,
      evidence: expect.stringContaining(words),
    })
  })
})
