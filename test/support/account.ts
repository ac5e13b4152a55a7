/** A home, a PostHog, an auth server, and a host with accounts (test/programs/account.mjs) that runs against them. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { type Identity, parseIdentity } from '../../src/identity/identity.ts'
import { type PrincipalFile, readPrincipalFile } from '../../src/identity/principal-file.ts'
import { type FakeAuth, startFakeAuth } from './fake-auth.ts'
import { type FakeEvent, type FakePostHog, startFakePostHog } from './fake-posthog.ts'
import { type Home, makeHome } from './home.ts'
import { type Finished, program, type Running, start } from './run.ts'

export type Ending =
  | 'return'
  | 'exit'
  | 'throw'
  | 'begin'
  | 'nested'
  | 'nested-exit'
  | 'nested-throw'
  | 'nested-then-throw'

export interface Account {
  readonly home: Home
  readonly posthog: FakePostHog
  readonly auth: FakeAuth
  readonly keyFile: string
  /** The key in the host's own store, changed by somebody who is not the tracker's host. */
  setKey(key: string | null): void
  start(args: readonly string[], variables?: Readonly<Record<string, string>>): Running
  login(key: string, how?: Ending, variables?: Readonly<Record<string, string>>): Promise<Finished>
  logout(how?: Ending, variables?: Readonly<Record<string, string>>): Promise<Finished>
  other(how?: Ending, variables?: Readonly<Record<string, string>>): Promise<Finished>
  /** Throws if the file is not whole. */
  identity(): Identity
  principalFile(): PrincipalFile
  /** What PostHog holds when this many events (each uuid once) have come, oldest first. */
  events(count: number): Promise<readonly FakeEvent[]>
}

export async function makeAccount(given: Readonly<Record<string, string>> = {}): Promise<Account> {
  const home = makeHome()
  const posthog = await startFakePostHog()
  const auth = await startFakeAuth()
  onTestFinished(async () => {
    await posthog.close()
    await auth.close()
  })
  const keyFile = `${home.path}/key`
  const run = (args: readonly string[], variables: Readonly<Record<string, string>> = {}): Running =>
    start(process.execPath, [program('account.mjs'), ...args], {
      env: home.env({ POSTHOG: posthog.url, AUTH: auth.url, KEY_FILE: keyFile, ...given, ...variables }),
    })
  return {
    home,
    posthog,
    auth,
    keyFile,
    setKey(key) {
      if (key === null) rmSync(keyFile, { force: true })
      else writeFileSync(keyFile, key)
    },
    start: run,
    login: (key, how = 'return', variables = {}) => run(['login', key, how], variables).finished,
    logout: (how = 'return', variables = {}) => run(['logout', '', how], variables).finished,
    other: (how = 'return', variables = {}) => run(['other', '', how], variables).finished,
    identity() {
      const identity = parseIdentity(readFileSync(home.layout.usage, 'utf8'))
      if (identity === null) throw new Error(`usage.json is damaged: ${readFileSync(home.layout.usage, 'utf8')}`)
      return identity
    },
    principalFile: () => readPrincipalFile(home.layout.principal),
    async events(count) {
      await posthog.waitFor(() => posthog.acceptedByUuid.size >= count, { timeoutMs: 20_000 })
      return [...posthog.acceptedByUuid.values()].map(({ event }) => event).sort(byTime)
    },
  }
}

/** By the time of recording; an alias first of its moment. */
function byTime(a: FakeEvent, b: FakeEvent): number {
  return Date.parse(a.timestamp) - Date.parse(b.timestamp) || (a.event === '$create_alias' ? -1 : 1)
}
