/** The program as users run it: bin/afterword.js in a process of its own; and acme's commands, which give it something to show. */
import { rmSync } from 'node:fs'
import type { Home } from '../support/home.ts'
import { type Finished, program, type Running, runNode, start } from '../support/run.ts'

export const BIN: string = new URL('../../bin/afterword.js', import.meta.url).pathname

type Variables = Readonly<Record<string, string>>

export function afterword(home: Home, words: string, variables: Variables = {}): Promise<Finished> {
  return startAfterword(home, words, variables).finished
}

/** `words` are split at spaces. */
export function startAfterword(home: Home, words: string, variables: Variables = {}): Running {
  return start(process.execPath, [BIN, ...words.split(' ').filter(Boolean)], {
    cwd: home.path,
    env: home.env(variables),
  })
}

/** One command of acme that sends to `posthog`. Resolves at its end; its reporter may still be at work. */
export function acme(home: Home, posthog: string, way = 'ok', variables: Variables = {}): Promise<Finished> {
  return runNode([program('command.mjs'), way], { env: home.env({ POSTHOG: posthog, ...variables }) })
}

/** A command whose event waits, with no reporter at work and no back-off: what nobody ever tried to send. */
export async function leaveWaiting(home: Home, posthog: string, way = 'ok'): Promise<void> {
  await acme(home, posthog, way)
  await home.quiet()
  rmSync(home.layout.backoff, { force: true })
}
