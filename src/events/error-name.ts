/** What kind of failure it was, in a word: the class and the code of anything thrown. Never throw, never carry a message. */
import { looksSecret } from './looks-secret.ts'

const NAME = /^[A-Za-z][\w.]{0,63}$/
const OTHER = '(other)'

/**
 * The error's own `name`, else its constructor's; for what is no object its type (`string`, `undefined`). `(other)` for a name
 * that is not `[A-Za-z][\w.]{0,63}`, looks like a secret, or throws when read. No `instanceof`: errors come from other realms.
 */
export function errorClass(error: unknown): string {
  if (error === null) return 'null'
  if (typeof error !== 'object' && typeof error !== 'function') return typeof error
  try {
    const name = (error as { name?: unknown }).name
    if (typeof name === 'string' && name !== '' && name !== 'Error') return safeName(name)
    const constructor = (error as { constructor?: { name?: unknown } }).constructor?.name
    // A minifier leaves one or two letters of a class's name.
    if (typeof constructor === 'string' && constructor.length > 2) return safeName(constructor)
    return name === 'Error' ? name : OTHER
  } catch {
    return OTHER // a getter or Proxy of the host's that throws
  }
}

/** `error.code` if it is a string: as it is, or `(other)`. `undefined`, so no property, for numbers and for none. */
export function errorCode(error: unknown): string | undefined {
  if ((typeof error !== 'object' && typeof error !== 'function') || error === null) return undefined
  try {
    const code = (error as { code?: unknown }).code
    return typeof code === 'string' && code !== '' ? safeName(code) : undefined
  } catch {
    return OTHER
  }
}

function safeName(name: string): string {
  return NAME.test(name) && !looksSecret(name) ? name : OTHER
}
