// The user's API key, in ~/.acme/credentials.yaml: one line, `api_key: …`, readable by its owner only.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

const file = () => join(homedir(), '.acme', 'credentials.yaml')

/** @returns {string | null} null: not signed in */
export function readKey() {
  try {
    return /^api_key:\s*(\S+)\s*$/m.exec(readFileSync(file(), 'utf8'))?.[1] ?? null
  } catch {
    return null // no file, or not ours to read
  }
}

export function writeKey(key) {
  if (!/^\S+$/.test(key)) throw new TypeError('signing in: the key has spaces in it, or is empty')
  mkdirSync(dirname(file()), { recursive: true, mode: 0o700 })
  writeFileSync(file(), `api_key: ${key}\n`, { mode: 0o600 })
  chmodSync(file(), 0o600) // the mode above is for a new file only
}

export function forgetKey() {
  rmSync(file(), { force: true })
}
