import { describe, expect, test } from 'vitest'
import { defineProperties, integer } from '../../src/events/host-properties.ts'
import { resolveTrackerOptions } from '../../src/tracker/resolve-options.ts'
import type { TrackerOptions } from '../../src/tracker/tracker-options.ts'

const LEAST: TrackerOptions = {
  app: 'acme',
  version: '1.2.3',
  posthog: { apiKey: 'phc_test', host: 'https://eu.i.posthog.com' },
}

test('resolveTrackerOptions() fills in the defaults', () => {
  expect(resolveTrackerOptions(LEAST)).toEqual({
    app: 'acme',
    version: '1.2.3',
    destination: { apiKey: 'phc_test', host: 'https://eu.i.posthog.com' },
    directory: `${process.env['HOME']}/.acme`,
    principal: null,
    credential: null,
    properties: undefined,
    ci: 'off',
    notice: null,
    errorMessages: 'redacted',
    exceptions: false,
  })
})

test('resolveTrackerOptions() takes everything that is meant to be given', async () => {
  const credential = (): string => 'secret'
  const principal = (): string => 'user_1'
  const properties = defineProperties({ files: integer() })
  const given = { directory: '/x/.acme/', credential, principal, properties, exceptions: true } as const
  const settings = resolveTrackerOptions({
    ...LEAST,
    ...given,
    ci: 'inline',
    notice: { url: 'https://a.example' },
    errorMessages: 'omit',
    posthog: { apiKey: 'anything', host: 'http://127.0.0.1:8484/' },
  })
  expect(settings).toMatchObject({ ...given, directory: '/x/.acme', ci: 'inline', errorMessages: 'omit' })
  expect(settings.destination).toEqual({ apiKey: 'anything', host: 'http://127.0.0.1:8484' })
  expect(settings.notice).toEqual({ url: 'https://a.example' })

  const lookUp = { url: 'https://auth.example/me', credential: null }
  const { principal: source } = resolveTrackerOptions({ ...LEAST, principal: lookUp })
  expect(source?.({ signal: new AbortController().signal })).toBe(lookUp)
})

test('resolveTrackerOptions() survives that there is no home', () => {
  const { HOME } = process.env
  process.env['HOME'] = 'not/absolute'
  try {
    expect(resolveTrackerOptions(LEAST).directory).toBe(null)
  } finally {
    process.env['HOME'] = HOME
  }
})

describe('resolveTrackerOptions() refuses', () => {
  const rows: readonly (readonly [string, unknown, typeof TypeError | typeof RangeError, RegExp])[] = [
    ['no options', undefined, TypeError, /options is undefined, wants an object/],
    ['null', null, TypeError, /options is null, wants an object/],
    ['an unknown key', { ...LEAST, apikey: 'x' }, TypeError, /there is no option 'apikey'/],
    ['no app', { ...LEAST, app: undefined }, TypeError, /app is undefined, wants a short name/],
    ['an app that is a path', { ...LEAST, app: '../etc' }, TypeError, /app is '..\/etc'/],
    ['an app with a slash', { ...LEAST, app: 'a/b' }, TypeError, /app is 'a\/b'/],
    ['an app of 65 characters', { ...LEAST, app: 'a'.repeat(65) }, TypeError, /app is 'a+'/],
    ['an empty version', { ...LEAST, version: '' }, TypeError, /version is '', wants the CLI's version/],
    ['a version that is a number', { ...LEAST, version: 1 }, TypeError, /version is 1,/],
    ['no posthog', { ...LEAST, posthog: undefined }, TypeError, /posthog.apiKey is undefined, wants a project key/],
    ['a personal key', posthog({ apiKey: 'phx_secret' }), TypeError, /posthog.apiKey is 'phx_…', wants a project key/],
    ['a key with a space', posthog({ apiKey: 'phc test' }), TypeError, /posthog.apiKey/],
    ['an empty key', posthog({ apiKey: '' }), TypeError, /posthog.apiKey/],
    ['a key of 65 characters', posthog({ apiKey: 'k'.repeat(65) }), TypeError, /posthog.apiKey/],
    ['no host', posthog({ host: undefined }), TypeError, /posthog.host is undefined, wants an address/],
    ['a host without a scheme', posthog({ host: 'eu.i.posthog.com' }), TypeError, /posthog.host is 'eu/],
    ['a host of another scheme', posthog({ host: 'ftp://a' }), TypeError, /posthog.host/],
    ['a host with credentials', posthog({ host: 'https://u:p@a' }), TypeError, /posthog.host/],
    ['a host with a query', posthog({ host: 'https://a?b' }), TypeError, /posthog.host/],
    [
      'a relative directory',
      { ...LEAST, directory: '.acme' },
      TypeError,
      /directory is '.acme', wants an absolute path/,
    ],
    ['a directory that is none', { ...LEAST, directory: 1 }, TypeError, /directory is 1/],
    ['a principal that is a text', { ...LEAST, principal: 'me' }, TypeError, /principal is 'string', wants a function/],
    ['a principal without url', { ...LEAST, principal: {} }, TypeError, /principal is 'object'/],
    [
      'a credential that is a text',
      { ...LEAST, credential: 's3cret' },
      TypeError,
      /credential is 'string', wants a fun/,
    ],
    [
      'properties not declared',
      { ...LEAST, properties: { files: 1 } },
      TypeError,
      /properties is 'object', wants what def/,
    ],
    ['properties that are null', { ...LEAST, properties: null }, TypeError, /properties is 'object'/],
    ['another ci', { ...LEAST, ci: 'on' }, RangeError, /ci is 'on', wants 'off', 'inline', 'detached'/],
    ['notice: true', { ...LEAST, notice: true }, TypeError, /notice is true, wants false or { url }/],
    ['notice without url', { ...LEAST, notice: {} }, TypeError, /notice is \[object Object\]/],
    ['other errorMessages', { ...LEAST, errorMessages: 'all' }, RangeError, /errorMessages is 'all', wants 'redacted'/],
    ['other exceptions', { ...LEAST, exceptions: 'yes' }, TypeError, /exceptions is 'yes', wants true or false/],
  ]
  test.each(rows)('%s', (_, options, type, message) => {
    expect(() => resolveTrackerOptions(options as TrackerOptions)).toThrow(type)
    expect(() => resolveTrackerOptions(options as TrackerOptions)).toThrow(message)
  })

  test('without ever repeating a secret', () => {
    for (const options of [posthog({ apiKey: 'phx_s3cr3t' }), { ...LEAST, credential: 's3cr3t' }])
      expect(() => resolveTrackerOptions(options as TrackerOptions)).not.toThrow(/s3cr3t/)
  })

  function posthog(more: object): unknown {
    return { ...LEAST, posthog: { ...LEAST.posthog, ...more } }
  }
})
