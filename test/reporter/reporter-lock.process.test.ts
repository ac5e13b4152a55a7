import { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseLock } from '../../src/reporter/reporter-lock.ts'
import { makeHome } from '../support/home.ts'
import { program, runNode } from '../support/run.ts'

const PROCESSES = 20
const MODULE = new URL('../../dist/reporter/reporter-lock.js', import.meta.url).href

describe(`${PROCESSES} processes that find one lock`, () => {
  it.each([
    ['absent', null],
    ['stale', 3_600_000],
    ['dated ahead', -3_600_000],
  ])('%s: one of them has it, one lock is there, and nothing beside it (race R8)', async (_, ageMs) => {
    const home = makeHome()
    const { layout } = home
    mkdirSync(layout.telemetry, { recursive: true })
    const winners: number[] = []
    for (let round = 0; round < 3; round++) {
      rmSync(layout.reporterLock, { force: true })
      if (ageMs !== null) {
        writeFileSync(layout.reporterLock, '{"token":"old"}\n')
        const at = (Date.now() - ageMs) / 1000
        utimesSync(layout.reporterLock, at, at)
      }
      const at = String(Date.now() + 1200)
      const args = [program('take-lock.mjs'), MODULE, layout.reporterLock, at]
      const ends = await Promise.all(Array.from({ length: PROCESSES }, () => runNode(args, { env: home.env() })))
      const kinds = ends.map(({ stdout }) => stdout.trim())
      expect(kinds.filter((kind) => !['taken', 'taken-over', 'held'].includes(kind))).toEqual([])
      winners.push(kinds.filter((kind) => kind !== 'held').length)
      expect(parseLock(layout.reporterLock)?.token).not.toBe('old')
      expect(readdirSync(layout.telemetry)).toEqual(['reporter.lock'])
    }
    // Two winners in one round are survived (the other's child finds that the lock is not its own); more would be no exclusion.
    expect(Math.max(...winners)).toBeLessThanOrEqual(ageMs === null ? 1 : 2)
    console.log(`winners a round: ${winners.join(', ')}`)
  })
})
