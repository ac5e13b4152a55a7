import type { ProcState } from '../proc-snapshot.ts'

const WORDS: Readonly<Record<string, ProcState>> = {
  R: 'running',
  S: 'sleeping',
  D: 'disk-sleep',
  T: 'stopped',
  t: 'tracing-stop',
  Z: 'zombie',
  X: 'dead',
  x: 'dead',
  I: 'idle',
}

/** The word for the state letter of `stat`. */
export function stateWord(letter: string): ProcState {
  return WORDS[letter] ?? 'unknown'
}
