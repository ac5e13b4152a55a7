import { expect, test } from 'vitest'
import { rewriteAddresses } from '../../src/proxy/rewrite-addresses.ts'

const PAGE = {
  id: 'A1',
  title: 'ws://127.0.0.1:9222/devtools/page/A1',
  url: 'http://127.0.0.1:9222/json',
  devtoolsFrontendUrl: '/devtools/inspector.html?ws=127.0.0.1:9222/devtools/page/A1',
  webSocketDebuggerUrl: 'ws://127.0.0.1:9222/devtools/page/A1',
}

test('rewriteAddresses() names us in every address of the browser, and touches nothing else', () => {
  expect(rewriteAddresses([PAGE, { deep: [PAGE] }], { host: 'localhost:9333', token: null })).toEqual([
    {
      ...PAGE,
      devtoolsFrontendUrl: '/devtools/inspector.html?ws=localhost:9333/devtools/page/A1',
      webSocketDebuggerUrl: 'ws://localhost:9333/devtools/page/A1',
    },
    {
      deep: [
        {
          ...PAGE,
          devtoolsFrontendUrl: '/devtools/inspector.html?ws=localhost:9333/devtools/page/A1',
          webSocketDebuggerUrl: 'ws://localhost:9333/devtools/page/A1',
        },
      ],
    },
  ])
})

test('rewriteAddresses() brackets IPv6 as the request did, on both sides', () => {
  const bracketed = JSON.parse(JSON.stringify(PAGE).replaceAll('127.0.0.1:9222', '[::1]:9222')) as unknown
  expect(rewriteAddresses(bracketed, { host: '[::1]:9333', token: null })).toMatchObject({
    devtoolsFrontendUrl: '/devtools/inspector.html?ws=[::1]:9333/devtools/page/A1',
    webSocketDebuggerUrl: 'ws://[::1]:9333/devtools/page/A1',
  })
})

test('rewriteAddresses() hands the token on to whoever came with it', () => {
  expect(rewriteAddresses(PAGE, { host: '127.0.0.1:9333', token: 'a b' })).toMatchObject({
    webSocketDebuggerUrl: 'ws://127.0.0.1:9333/devtools/page/A1?token=a%20b',
    devtoolsFrontendUrl: `/devtools/inspector.html?ws=127.0.0.1:9333/devtools/page/A1${encodeURIComponent('?token=a%20b')}`,
  })
})

test('rewriteAddresses() rewrites the frontend that lies on the web, too', () => {
  const devtoolsFrontendUrl =
    'https://chrome-devtools-frontend.appspot.com/x/inspector.html?remote=1&ws=127.0.0.1:9222/devtools/page/A1&v=2'
  expect(rewriteAddresses({ devtoolsFrontendUrl }, { host: '127.0.0.1:9333', token: null })).toEqual({
    devtoolsFrontendUrl: devtoolsFrontendUrl.replace('9222', '9333'),
  })
})
