import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import yargs, { type Argv } from 'yargs'
import { instrument } from '../../src/adapters/yargs.ts'

const example = new URL('../../docs/examples/acme/', import.meta.url)
const { addCommands } = (await import(new URL('commands.js', example).href)) as {
  addCommands: (cli: Argv, tracker: object) => Argv
}
const { readKey } = (await import(new URL('credentials.js', example).href)) as { readKey: () => string | null }
const { startAuthServer } = (await import(new URL('auth-server.js', example).href)) as {
  startAuthServer: () => Promise<{ url: string; requests: () => number; stop: () => Promise<void> }>
}

let home: string
let begun: unknown[][]
let added: object[]
let printed: string[]
const tracker = {
  begin: (...what: unknown[]) => {
    begun.push(what)
    return { finish() {} }
  },
  run: (_: string, work: (command: object) => unknown) => work({ add: (properties: object) => added.push(properties) }),
}

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'acme-'))
  vi.stubEnv('HOME', home)
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(String(line)))
  begun = []
  added = []
  printed = []
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  rmSync(home, { recursive: true })
})

async function acme(...words: string[]): Promise<void> {
  const cli = yargs(words).strict().demandCommand(1).fail(false)
  await addCommands(instrument(cli, tracker, { login: 'login', logout: 'logout' }), tracker).parseAsync()
}

describe('the acme example', () => {
  test.each([
    [['saw'], 'saw', 'saw'],
    [[], 'hammer', 'hammer'],
    [['my-secret-tool'], 'my-secret-tool', 'other'],
  ])('toolkit run %j prints %s and adds %s', async (words, tool, added1) => {
    await acme('toolkit', 'run', ...words)
    expect(printed).toEqual([`${tool}: done`])
    expect(added).toEqual([{ tool: added1 }])
    expect(begun).toEqual([['toolkit.run', {}]])
  })

  test('login keeps the key for its owner, logout forgets it', async () => {
    expect(readKey()).toBe(null)
    await acme('login', '--key', 'key-alice')
    expect(readKey()).toBe('key-alice')
    const file = join(home, '.acme', 'credentials.yaml')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    await acme('logout')
    expect(readKey()).toBe(null)
    expect(begun).toEqual([
      ['login', { identity: 'login' }],
      ['logout', { identity: 'logout' }],
    ])
  })

  test('a file without a key is no key', async () => {
    await acme('login', '--key', 'key-alice')
    writeFileSync(join(home, '.acme', 'credentials.yaml'), 'other: x\n')
    expect(readKey()).toBe(null)
  })

  test('fail fails', async () => {
    await expect(acme('fail')).rejects.toThrow('The tool broke')
  })
})

test('startAuthServer() tells whose key it is', async () => {
  const server = await startAuthServer()
  try {
    const ask = async (key: string, path = '/api/v1/auth/validate') => {
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } })
      return [response.status, await response.json()]
    }
    expect(await ask('key-bob')).toEqual([200, { data: { principal_id: 'user-bob' } }])
    expect(await ask('constructor')).toEqual([401, { error: 'unknown key' }])
    expect(await ask('key-bob', '/elsewhere')).toEqual([404, { error: 'not found' }])
    expect(server.requests()).toBe(2)
  } finally {
    await server.stop()
  }
})
