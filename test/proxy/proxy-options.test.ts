import { expect, test } from 'vitest'
import { type CdpProxyOptions, cdpProxySettings } from '../../src/proxy/proxy-options.ts'

test('cdpProxySettings() listens on loopback and asks for no token unless told to', () => {
  expect(cdpProxySettings({ upstream: '127.0.0.1:9222' })).toMatchObject({
    source: { kind: 'port', host: '127.0.0.1', port: 9222 },
    host: '127.0.0.1',
    port: 0,
    loopback: true,
    token: null,
    restartConfirmWaitMs: 10_000,
    dialTimeoutMs: 5_000,
    liveness: null,
  })
})

test('cdpProxySettings() reads addresses of IPv6, and localhost as an address', () => {
  expect(cdpProxySettings({ upstream: '[::1]:9222', listen: 'localhost:0' })).toMatchObject({
    source: { host: '::1', port: 9222 },
    host: '127.0.0.1',
  })
})

const WRONG: readonly (readonly [CdpProxyOptions, RegExp])[] = [
  [{}, /got 0 of upstream/],
  [{ upstream: '127.0.0.1:1', chromiumLog: 'x' }, /got 2 of upstream/],
  [{ upstream: '' }, /wants exactly one/],
  [{ upstream: '127.0.0.1' }, /HOST:PORT/],
  [{ upstream: '127.0.0.1:0' }, /HOST:PORT/],
  [{ upstream: 'ws://127.0.0.1:1' }, /HOST:PORT/],
  [{ upstream: '127.0.0.1:1', listen: '0.0.0.0:0' }, /wants a token/],
  [{ upstream: '127.0.0.1:1', listen: '[::]:0' }, /wants a token/],
  [{ upstream: '127.0.0.1:1', token: 'short' }, /token/],
  [{ upstream: '127.0.0.1:1', dialTimeoutMs: 0 }, /dialTimeoutMs/],
  [{ upstream: '127.0.0.1:1', liveness: { intervalMs: 1, timeoutMs: 1, misses: 0 } }, /liveness.misses/],
  [{ upstream: '127.0.0.1:1', sink: 1 } as unknown as CdpProxyOptions, /sink/],
  [{ upstream: '127.0.0.1:1', tokens: 'x' } as CdpProxyOptions, /unknown option "tokens"/],
]

test.each(WRONG)('cdpProxySettings(%j) is a TypeError', (options, message) => {
  expect(() => cdpProxySettings(options)).toThrow(TypeError)
  expect(() => cdpProxySettings(options)).toThrow(message)
})

test('cdpProxySettings() never shows the token it complains about', () => {
  expect(() => cdpProxySettings({ upstream: '127.0.0.1:1', token: 'se cret ok' })).toThrow(/^(?!.*se cret)/)
})
