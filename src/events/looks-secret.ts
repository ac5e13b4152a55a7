/**
 * Whether a value looks like a secret: a known token shape, or a run of characters that no person would have written. Pure,
 * linear: every pattern either starts with a literal and is bounded, or is tried on one run at one place.
 */
import { lazyPattern } from './lazy-pattern.ts'

/** Shapes that say what they are, anywhere in the text. */
const KNOWN_TOKEN =
  /gh[pousr]_[A-Za-z0-9]{8}|github_pat_\w{8}|gl(?:pat|ptt|rt|dt|cbt|soat)-[\w-]{8}|\bsk-[\w-]{12}|\b[rsp]k_(?:live|test)_\w{6}|xox[abeoprs]-[\w-]{6}|xapp-[\w-]{8}|(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12}|AIza[\w-]{12}|\bph[cxs]_\w{8}|npm_[A-Za-z0-9]{16}|\bhf_[A-Za-z0-9]{12}|ya29\.[\w-]{8}|\bSG\.[\w-]{8}|dop_v1_\w{8}|shp(?:at|ss|ca)_\w{8}|pypi-[\w-]{12}|\bdckr_pat_\w{8}|\bhvs\.\w{8}|\beyJ[\w-]{6}|-----BEGIN /

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i
const URL_CREDENTIALS = /:\/\/[^\s/@]{1,256}@/
const ASCII = /^[\0-\x7f]*$/
const ASCII_RUN = /[\w.+~=-]+/g
const anyRun = lazyPattern(String.raw`[\p{L}\p{N}_.+~=-]+`, 'gu')

/** Shorter ones are not told from words, and are not worth the look on the way of every command. */
const SECRET_LENGTH_MIN = 8
/** From here on a run has to prove that it is made of words. */
const WORDS_LENGTH_MIN = 20
const WORD_LENGTH_MAX = 17

/** Never throws. Also true for what holds a secret somewhere inside. */
export function looksSecret(value: string): boolean {
  if (value.length < SECRET_LENGTH_MIN) return false
  if (KNOWN_TOKEN.test(value) || UUID.test(value) || URL_CREDENTIALS.test(value)) return true
  return (value.match(ASCII.test(value) ? ASCII_RUN : anyRun()) ?? []).some(looksRandom)
}

/** @param run characters without a space or a separator of paths between them */
export function looksRandom(run: string): boolean {
  if (run.length < SECRET_LENGTH_MIN) return false
  const compact = run.replace(/[_.+~=-]/g, '')
  if (compact.length < SECRET_LENGTH_MIN) return false
  if (compact.length >= 16 && /^[0-9a-f]+$/i.test(compact) && /\d/.test(compact)) return true
  const parts = run.split(/[_.+~=-]/)
  if (parts.some((part) => isHexWord(part) || isMixed(part))) return true
  return run.length >= WORDS_LENGTH_MIN && !parts.every(isHuman)
}

function isHexWord(part: string): boolean {
  return (part.length >= 16 && /^[0-9a-f]+$/i.test(part)) || /^\d{12,}$/.test(part)
}

/** Letters and digits taking turns (`a1b2c3d4`), or capitals where no hump of a camel is (`xQvRtYpLzKwM`). */
function isMixed(part: string): boolean {
  if (part.length < SECRET_LENGTH_MIN) return false
  if ((part.match(/\d+|\D+/g)?.length ?? 0) >= 4) return true
  if (part.length >= WORDS_LENGTH_MIN && /\d\D/.test(part)) return true
  return part.length >= 12 && isJumbled(part, part.length < WORDS_LENGTH_MIN ? 3.2 : 3.7)
}

/** Capitals and small letters in humps that are shorter, on the mean, than those of names. */
function isJumbled(part: string, meanMin: number): boolean {
  if (!/[a-z]/.test(part) || !/[A-Z]/.test(part)) return false
  const words = humps(part)
  return words.reduce((sum, word) => sum + word.length, 0) / words.length < meanMin
}

/** `HTTP2`, `4o`, `createReadStream`, a date's digits. */
function isHuman(part: string): boolean {
  if (
    /^(?:\d{0,8}|\d{0,3}[a-z]{1,3}\d{0,3}|[a-z]\d{1,2}[a-z]|[A-Z]?[a-z]*\d{0,4}|[A-Z]*\d{0,4})$/.test(part) &&
    part.length <= 8
  )
    return true
  if (/\d\D/.test(part) || /\d{5}/.test(part) || isJumbled(part, 2.6)) return false
  return humps(part).every(isWord)
}

const ASCII_HUMP = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]/g
const anyHump = lazyPattern(String.raw`\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{Lm}]+|\p{Lu}`, 'gu')

/** `getHTTPServer2` → get, HTTP, Server. */
function humps(part: string): readonly string[] {
  return part.match(ASCII.test(part) ? ASCII_HUMP : anyHump()) ?? []
}

/** Pronounceable, as far as that can be said without a dictionary; scripts other than Latin are taken at their word. */
function isWord(word: string): boolean {
  if (word.length > WORD_LENGTH_MAX) return false
  if (word.length < 5 || !/^[A-Za-z]+$/.test(word)) return true
  if (/[^aeiouy]{5}/i.test(word)) return false
  const vowels = word.match(/[aeiouy]/gi)?.length ?? 0
  if (word.length < 6) return vowels > 0 || word === word.toUpperCase()
  return vowels / word.length >= (word.length < 12 ? 0.17 : 0.25)
}
