import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Answer, judgeAnswer, oneLine, parseRetryAfter } from '../../src/reporter/answer.ts'

const nowMs = Date.UTC(2026, 10, 20, 12)

function response(status: number, body: unknown = null, retryAfterMs: number | null = null): Answer {
  const text = typeof body === 'string' ? body : body === null ? '' : JSON.stringify(body)
  return { kind: 'response', status, retryAfterMs, body: typeof body === 'string' ? null : body, text }
}

describe('judgeAnswer()', () => {
  it.each([
    [200, { status: 'Ok' }],
    [200, { status: 1 }],
    [201, { status: 'Ok', quota_limited: ['recordings'] }],
  ])('accepts all on %i %j', (status, body) => {
    expect(judgeAnswer(response(status, body), ['a', 'b'])).toEqual({
      kind: 'settled',
      results: [
        { uuid: 'a', verdict: 'accepted' },
        { uuid: 'b', verdict: 'accepted' },
      ],
      retryAfterMs: null,
    })
  })

  it('takes a v1 answer event by event; what it does not mention, or asks for again, is kept', () => {
    const results = {
      ok: { result: 'ok' },
      warned: { result: 'warning', details: 'person_processing_disabled' },
      dropped: { result: 'drop', details: 'distinct_id\nempty' },
      again: { result: 'retry' },
      odd: 7,
    }
    const uuids = ['ok', 'warned', 'dropped', 'again', 'odd', 'missing', 'toString']
    const judgement = judgeAnswer(response(200, { status: 'Ok', results }), uuids)
    expect(judgement).toMatchObject({ kind: 'settled' })
    expect(judgement.kind === 'settled' && judgement.results.map(({ verdict }) => verdict)).toEqual([
      'accepted',
      'accepted',
      'rejected',
      'kept',
      'kept',
      'kept',
      'kept',
    ])
    expect(judgement.kind === 'settled' && judgement.results[2]?.reason).toBe('drop: distinct_id empty')
  })

  it.each<[string, string, Answer]>([
    ['200 HTML', 'unavailable', response(200, '<html>')],
    ['200 empty', 'unavailable', response(200)],
    ['204', 'unavailable', response(204)],
    ['200 {}', 'unavailable', response(200, {})],
    ['200 other status', 'unavailable', response(200, { status: 'error' })],
    ['200 results list', 'unavailable', response(200, { results: [] })],
    ['200 list', 'unavailable', response(200, ['Ok'])],
    ['302', 'unavailable', response(302)],
    ['307', 'unavailable', response(307)],
    ['304', 'unavailable', response(304)],
    ['400 text', 'unacceptable', response(400, 'bad')],
    ['400 empty', 'unacceptable', response(400)],
    ['400 HTML', 'paused', response(400, '<html>plain HTTP request to HTTPS port')],
    ['413', 'unacceptable', response(413, '<html>')],
    ['401', 'paused', response(401)],
    ['402', 'paused', response(402)],
    ['403', 'paused', response(403)],
    ['404', 'paused', response(404)],
    ['405', 'paused', response(405)],
    ['407', 'paused', response(407)],
    ['451', 'paused', response(451)],
    ['408', 'unavailable', response(408)],
    ['425', 'unavailable', response(425)],
    ['429', 'unavailable', response(429)],
    ['500', 'troubled', response(500)],
    ['503', 'troubled', response(503)],
    ['503 that says when', 'unavailable', response(503, null, 1000)],
    ['999', 'unavailable', response(999)],
    ['0', 'unavailable', response(0)],
    ['refused', 'unavailable', { kind: 'no-answer', reason: 'refused', code: 'ECONNREFUSED' }],
    ['dns', 'unavailable', { kind: 'no-answer', reason: 'dns' }],
    ['tls', 'unavailable', { kind: 'no-answer', reason: 'tls' }],
    ['timeout', 'troubled', { kind: 'no-answer', reason: 'timeout' }],
    ['reset', 'troubled', { kind: 'no-answer', reason: 'reset' }],
    ['other', 'troubled', { kind: 'no-answer', reason: 'other' }],
    ['aborted', 'cut-short', { kind: 'no-answer', reason: 'aborted' }],
  ])('of %s is %s', (_, kind, answer) => {
    expect(judgeAnswer(answer, ['a']).kind).toBe(kind)
  })

  it('says what the server said, in one bounded line', () => {
    const judgement = judgeAnswer(response(400, `failed to\r\n\u001b[31mparse ${'x'.repeat(500)}`), ['a'])
    expect(judgement.kind === 'unacceptable' && judgement.reason).toMatch(/^http 400: failed to \[31mparse x+$/)
    expect(judgement.kind === 'unacceptable' && judgement.reason).toHaveLength(200)
  })
})

describe('parseRetryAfter()', () => {
  it.each([
    ['0', 0],
    [' 60 ', 60_000],
    ['86400', 86_400_000],
    ['86401', null],
    ['999999999999999999999', null],
    ['-1', null],
    ['1.5', null],
    ['1e3', null],
    ['', null],
    ['soon', null],
    ['2026-11-20', null],
    ['Infinity', null],
    ['Fri, 20 Nov 2026 12:00:30 GMT', 30_000],
    ['Friday, 20-Nov-26 12:00:30 GMT', 30_000],
    ['Fri Nov 20 12:00:30 2026', 30_000],
    ['Fri, 20 Nov 2026 11:59:59 GMT', null],
    ['Sat, 21 Nov 2026 12:00:00 GMT', 86_400_000],
    ['Sat, 21 Nov 2026 12:00:01 GMT', null],
    ['Fri, nonsense', null],
  ])('reads %j as %s ms', (header, expected) => {
    expect(parseRetryAfter(header, nowMs)).toBe(expected)
  })

  it('gives null or a wait of at most 24 h for any header', () => {
    expect(parseRetryAfter(undefined, nowMs)).toBeNull()
    fc.assert(
      fc.property(fc.string(), (header) => {
        const ms = parseRetryAfter(header, nowMs)
        expect(ms === null || (ms >= 0 && ms <= 86_400_000)).toBe(true)
      }),
    )
  })
})

describe('oneLine()', () => {
  it('gives at most 200 printable characters without a line break, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        const line = oneLine(text)
        expect(line.length).toBeLessThanOrEqual(200)
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u)
      }),
    )
  })
})
