import fc from 'fast-check'
import { test } from 'vitest'
import { isoTime } from '../../src/events/iso-time.ts'

test('isoTime() is toISOString()', () => {
  const moment = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  fc.assert(fc.property(moment, (at) => isoTime(at.getTime()) === at.toISOString()))
})
