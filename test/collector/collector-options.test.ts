import { describe, expect, test } from 'vitest'
import { collectorSettings } from '../../src/collector/collector-options.ts'
import { isLoopbackHostHeader } from '../../src/collector/loopback.ts'

describe('collectorSettings()', () => {
  test.each<[string | undefined, string, number]>([
    [undefined, '127.0.0.1', 8484],
    ['127.0.0.1:0', '127.0.0.1', 0],
    ['127.1.2.3:80', '127.1.2.3', 80],
    ['localhost:9000', '127.0.0.1', 9000],
    ['[::1]:9000', '::1', 9000],
  ])('listen %j', (listen, host, port) => {
    const settings = collectorSettings(listen === undefined ? {} : { listen })
    expect(settings).toMatchObject({ host, port, loopback: true })
  })

  test.each(['0.0.0.0:80', '[::]:80', '192.168.1.2:80', 'example.com:80', 'localhost.evil.com:80', '0:80'])(
    'listen %s only with allowRemote',
    (listen) => {
      expect(() => collectorSettings({ listen })).toThrow(
        expect.objectContaining({ code: 'remote-address-refused' }) as Error,
      )
      expect(collectorSettings({ listen, allowRemote: true }).loopback).toBe(false)
    },
  )

  test.each([
    '8484',
    ':8484',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:99999',
    '::1:80',
    '[localhost]:80',
    ' 127.0.0.1:1',
  ])('listen %j is malformed', (listen) => {
    expect(() => collectorSettings({ listen })).toThrow(TypeError)
  })

  test('refuses what it does not know', () => {
    expect(() => collectorSettings({ prot: 1 } as object)).toThrow('unknown option "prot"')
    expect(() => collectorSettings({ database: '' })).toThrow(TypeError)
    expect(() => collectorSettings({ onEvents: 1 as unknown as () => void })).toThrow(TypeError)
  })
})

describe('isLoopbackHostHeader()', () => {
  test.each([
    'localhost',
    'LOCALHOST:80',
    'app.localhost:80',
    '127.0.0.1:8484',
    '127.9.9.9',
    '[::1]:80',
    '[::ffff:127.0.0.1]',
  ])('accepts %s', (header) => expect(isLoopbackHostHeader(header)).toBe(true))
  test.each([
    undefined,
    '',
    'evil.example',
    'evil.example:8484',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'notlocalhost',
    '10.0.0.1',
    '0.0.0.0',
    '[::]',
    '127.0.0.1:80:80',
    'user@127.0.0.1',
    '127.0.0.1/',
  ])('refuses %j', (header) => expect(isLoopbackHostHeader(header)).toBe(false))
})
