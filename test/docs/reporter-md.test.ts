import { expect, test } from 'vitest'
import { type Answer, judgeAnswer } from '../../src/reporter/answer.ts'
import { REPORTER_LIMITS } from '../../src/reporter/limits.ts'
import { table, written } from './markdown.ts'

test('docs/reporter.md has the limits of REPORTER_LIMITS', () => {
  const rows = table('docs/reporter.md', 'limit', 'value').map(([name, value]) => [name, value])
  expect(rows).toEqual(Object.entries(REPORTER_LIMITS).map(([name, value]) => [name, written(name, value)]))
})

const UUID = '019a9c2e-0000-7000-8000-000000000000'

const ANSWERS: readonly (readonly [name: string, answer: Answer])[] = [
  ['200 {"status":"Ok"}', response(200, { body: { status: 'Ok' } })],
  ['200 {"status":1}', response(200, { body: { status: 1 } })],
  ['200 {"results":{…}}', response(200, { body: { results: { [UUID]: { result: 'ok' } } } })],
  ['200 anything else', response(200, { text: '<html>' })],
  ['302', response(302)],
  ['400 in text or JSON', response(400, { text: 'missing event name' })],
  ['400 in HTML', response(400, { text: '<html>' })],
  ['413', response(413)],
  ['401', response(401)],
  ['403', response(403)],
  ['404', response(404)],
  ['408', response(408)],
  ['425', response(425)],
  ['429', response(429)],
  ['500', response(500)],
  ['503 with Retry-After', response(503, { retryAfterMs: 1000 })],
  ['connection refused', { kind: 'no-answer', reason: 'refused' }],
  ['name not found', { kind: 'no-answer', reason: 'dns' }],
  ['certificate not trusted', { kind: 'no-answer', reason: 'tls' }],
  ['no answer in 5 s', { kind: 'no-answer', reason: 'timeout' }],
  ['connection reset', { kind: 'no-answer', reason: 'reset' }],
  ['the reporter had to leave', { kind: 'no-answer', reason: 'aborted' }],
]

test('docs/reporter.md says of each answer what judgeAnswer() says', () => {
  const rows = table('docs/reporter.md', 'answer', 'judgement').map(([answer, judgement]) => [answer, judgement])
  const said = ANSWERS.map(([name, answer]) => [name, judgeAnswer(answer, [UUID]).kind])
  expect(rows).toEqual(said)
})

function response(status: number, more: Partial<Extract<Answer, { kind: 'response' }>> = {}): Answer {
  return { kind: 'response', status, retryAfterMs: null, body: null, text: '', ...more }
}
