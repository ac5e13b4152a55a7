import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { answerDiscovery } from '../../src/proxy/discovery.ts'

/** Answers like Chromium's DevTools port, and keeps what it was asked. */
async function fakeBrowser(answer: (path: string) => { status?: number; type?: string; body: string }) {
  const asked: string[] = []
  const server = http.createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers.origin ?? '-'}`)
    const { status = 200, type = 'application/json; charset=UTF-8', body } = answer(request.url ?? '')
    response.writeHead(status, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const authority = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { asked, authority, url: `ws://${authority}/devtools/browser/x` }
}

const ours = { host: '127.0.0.1:9333', token: null }
const GET = (target: string) => ({ ...ours, method: 'GET', target })

test.each([
  ['GET', '/json/version', '/json/version'],
  ['GET', '/json/version/', '/json/version'],
  ['GET', '/json', '/json'],
  ['GET', '/json/', '/json'],
  ['GET', '/json/list', '/json/list'],
  ['GET', '/json/list/?for_tab', '/json/list?for_tab'],
  ['GET', '/json/protocol', '/json/protocol'],
  ['PUT', '/json/new?http://a.example/?b=c', '/json/new?http://a.example/?b=c'],
  ['GET', '/json/activate/A1', '/json/activate/A1'],
  ['GET', '/json/close/A1', '/json/close/A1'],
])('answerDiscovery(%s %s) asks the browser for %s', async (method, target, path) => {
  const browser = await fakeBrowser(() => ({ body: '[]' }))
  const { status } = await answerDiscovery({ ...ours, method, target }, browser.url)
  expect(status).toBe(200)
  expect(browser.asked).toEqual([`${method} ${path} ${browser.authority} -`])
})

test.each([
  ['GET', '/', 404],
  ['GET', '/json/other', 404],
  ['GET', '/json/close', 404],
  ['GET', '/json/version/x', 404],
  ['GET', '/json/constructor', 404],
  ['GET', '/json/close/../version', 404],
  ['GET', '/json/new', 405],
  ['POST', '/json/version', 405],
])('answerDiscovery(%s %s) asks nobody and answers %i', async (method, target, wanted) => {
  const browser = await fakeBrowser(() => ({ body: '[]' }))
  expect((await answerDiscovery({ ...ours, method, target }, browser.url)).status).toBe(wanted)
  expect(browser.asked).toEqual([])
})

test('answerDiscovery() rewrites the addresses of JSON and nothing of plain text', async () => {
  const browser = await fakeBrowser((path) =>
    path === '/json/version'
      ? { body: JSON.stringify({ webSocketDebuggerUrl: 'ws://127.0.0.1:1/devtools/browser/x' }) }
      : { type: 'text/html', body: 'Target is closing' },
  )
  const version = await answerDiscovery(GET('/json/version'), browser.url)
  expect(JSON.parse(version.body.toString())).toEqual({
    webSocketDebuggerUrl: 'ws://127.0.0.1:9333/devtools/browser/x',
  })
  const closing = await answerDiscovery(GET('/json/close/A1'), browser.url)
  expect(closing.body.toString()).toBe('Target is closing')
})

test('answerDiscovery() hands on what the browser refuses', async () => {
  const browser = await fakeBrowser(() => ({ status: 404, type: 'text/html', body: 'No such target id: A1' }))
  const reply = await answerDiscovery(GET('/json/activate/A1'), browser.url)
  expect([reply.status, reply.body.toString()]).toEqual([404, 'No such target id: A1'])
})

test('answerDiscovery() answers 503 without a browser, 502 for one that is away or talks nonsense', async () => {
  expect((await answerDiscovery(GET('/json/version'), undefined)).status).toBe(503)
  const away = await answerDiscovery(GET('/json/version'), 'ws://127.0.0.1:1/devtools/browser/x')
  expect([away.status, away.body.toString()]).toEqual([
    502,
    'afterword proxy: the browser does not answer (ECONNREFUSED)\n',
  ])
  const browser = await fakeBrowser(() => ({ body: '{' }))
  expect((await answerDiscovery(GET('/json/version'), browser.url)).status).toBe(502)
})
