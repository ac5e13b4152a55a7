import { expect, test } from 'vitest'
import { decideFirstEnd } from '../../src/proxy/first-end.ts'
import type { EndNote } from '../../src/proxy/first-end.ts'

const notes = (text: string): readonly EndNote[] =>
  text.split(', ').map((each) => {
    const [side, how] = each.split(' ')
    return { side, how, paused: false } as EndNote
  })

// In the order in which they were noted → cause, closedBy, how, ambiguous
test.each([
  ['client fin', 'client client fin sure'],
  ['client reset', 'client client reset sure'],
  ['client close_frame, client fin', 'client client close_frame sure'],
  ['client close_frame, upstream close_frame, upstream fin', 'client client close_frame sure'],
  ['client close_frame, upstream fin', 'client client close_frame ambiguous'],
  ['upstream fin, client close_frame', 'client client close_frame ambiguous'],
  ['upstream fin', 'upstream upstream fin sure'],
  ['upstream reset', 'upstream upstream reset sure'],
  ['upstream close_frame, upstream fin', 'upstream upstream close_frame sure'],
  ['client fin, upstream fin', 'upstream upstream fin ambiguous'],
  ['client reset, upstream reset', 'upstream upstream reset ambiguous'],
  ['upstream fin, client reset', 'upstream upstream fin ambiguous'],
  ['proxy url_change', 'upstream proxy url_change sure'],
  ['proxy url_change, client fin, upstream fin', 'upstream proxy url_change sure'],
  ['proxy probe_timeout, proxy url_change', 'upstream proxy probe_timeout sure'],
  ['upstream fin, proxy url_change', 'upstream upstream fin ambiguous'],
  ['client fin, proxy url_change', 'client client fin ambiguous'],
  ['proxy shutdown', 'context proxy shutdown sure'],
  ['proxy url_change, proxy shutdown', 'context proxy shutdown sure'],
  ['proxy shutdown, proxy url_change', 'context proxy shutdown sure'],
  ['client close_frame, proxy shutdown', 'context proxy shutdown sure'],
  ['upstream fin, client fin, proxy shutdown', 'context proxy shutdown sure'],
])('decideFirstEnd() %s: %s', (noted, expected) => {
  const { cause, closedBy, how, ambiguous, loopDelayMs } = decideFirstEnd(notes(noted), 7)
  expect(`${cause} ${closedBy} ${how} ${ambiguous ? 'ambiguous' : 'sure'}`).toBe(expected)
  expect(loopDelayMs).toBe(ambiguous ? 7 : 0)
})
