/** A program that is well, for a minute, with everything as it is by default: no anomaly. */
import { expect, test } from 'vitest'
import { runSession } from '../../src/session/run-session.ts'
import { program } from '../support/run.ts'

const MINUTE = 60_000

test.runIf(process.platform === 'linux')(
  'a quiet minute raises no anomaly, with a pseudo-terminal and without',
  async () => {
    const run = (pty: boolean) =>
      runSession({ command: process.execPath, args: [program('idle-server.mjs'), String(MINUTE)], pty })
    for (const result of await Promise.all([run(false), run(true)])) {
      expect(result.anomalies).toEqual([])
      expect(result).toMatchObject({ returncode: 0, termination: 'natural_exit', trace: { status: 'full' } })
      expect(result.elapsedSeconds).toBeGreaterThanOrEqual(60)
      // Every second for half a minute, then every fifth.
      expect(result.procSnapshots?.length).toBeGreaterThan(20)
      expect(result.stdout).toContain('asked 50\n')
    }
  },
)
