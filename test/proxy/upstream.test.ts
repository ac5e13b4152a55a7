import { expect, test } from 'vitest'
import { Upstream } from '../../src/proxy/upstream.ts'

test('Upstream set() stores before it announces', () => {
  const upstream = new Upstream()
  const seen: unknown[] = []
  upstream.subscribe((url) => seen.push([url, upstream.current]))
  upstream.set('ws://a')
  expect(seen).toEqual([['ws://a', 'ws://a']])
})

test('Upstream set() ignores the empty and the equal address', () => {
  const upstream = new Upstream()
  const seen: string[] = []
  upstream.set('ws://a')
  upstream.subscribe((url) => seen.push(url))
  for (const url of ['', 'ws://a', '']) upstream.set(url)
  expect([upstream.current, seen]).toEqual(['ws://a', []])
})

test('Upstream subscribe() leaves nothing behind; ended twice, and by a listener that is being told', () => {
  const upstream = new Upstream()
  const seen: string[] = []
  const ends = [upstream.subscribe((url) => seen.push(`1 ${url}`))]
  ends.push(
    upstream.subscribe(() => {
      for (const end of ends) end()
    }),
    upstream.subscribe((url) => seen.push(`3 ${url}`)),
  )
  upstream.set('ws://a')
  upstream.set('ws://b')
  expect([seen, upstream.subscribers]).toEqual([['1 ws://a'], 0])
})

test('Upstream set() by a listener: everybody hears the latest last, and it once', () => {
  const upstream = new Upstream()
  const seen: string[] = []
  upstream.subscribe((url) => url === 'ws://a' && upstream.set('ws://b'))
  upstream.subscribe((url) => seen.push(url))
  upstream.set('ws://a')
  expect(seen).toEqual(['ws://b'])
})
