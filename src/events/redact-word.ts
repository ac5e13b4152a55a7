/**
 * The scrubber's second layer: one word at a time (what stands between two spaces), with one bit of memory, whether the word
 * before announced a secret (`--token`, `password:`, `Bearer`). Words with a `/`, an `@` or a `=` in them are never looked into.
 */
import { lazyPattern } from './lazy-pattern.ts'
import { looksRandom, looksSecret } from './looks-secret.ts'

const SECRET_KEY =
  /pass(?:w|phrase|code|(?![a-z]))|pwd|secret|token|credential|(?:api|access|private|signing|encryption|master|account|ssh).?key|(?:^|[^a-z])(?:auth|sid|pin|otp|cvv|ssn|sig|key|user|login|email)(?![a-z])|authorization|cookie|session|signature|jwt|bearer|user.?name/i
const SCHEME = /^(?:bearer|basic|digest|negotiate|apikey)$/i
/** Resolver codes of Node: the next word is a host. */
const RESOLVING = /^(?:ENOTFOUND|EAI_AGAIN|EAI_FAIL|EAI_NODATA|EAI_NONAME|queryA|queryAaaa)$/

const SEPARATOR = /[/\\\u2044\u2215\u2216\u29f5\u29f8]|%(?:2f|5c)/i
const NO_PATH = /^(?:I\/O|i\/o|and\/or|n\/a|N\/A)$/
const AT = /[@\ufe6b]|%40/i
const ENCODED = /%[0-9a-f]{2}/i

const ipv4 = lazyPattern(String.raw`(?<![\p{L}\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}]|\.\d)`, 'gu')
const ipv6 = lazyPattern(
  String.raw`(?<![\p{L}\p{N}:])(?:[0-9a-f]{0,4}:){2,8}(?:[0-9a-f]{0,4})(?:\.\d{1,3}){0,3}(?:%\w{1,20})?`,
  'giu',
)
const anyRun = lazyPattern(String.raw`[\p{L}\p{N}\p{M}_.+~-]+`, 'gu')
const VERSION = /^v?\d{1,4}(?:\.\d{1,6}){1,3}(?:-(?:alpha|beta|rc|next|canary|dev|nightly|pre)(?:\.?\d{1,4}){0,2})?$/
/** A dot between two letters, or digits and letters: a file, a host, a property. */
const dotted = lazyPattern(String.raw`[\p{L}\p{N}_-]\.[\p{L}\p{N}_-]`, 'u')
const NO_NAME = /^(?:e\.g|i\.e|a\.m|p\.m|Node\.js|\d+\.\d+(?:s|ms|[kMG]?B)?)\.?$/
const HARMLESS_VALUE = /^(?:true|false|null|undefined|-?\d{1,6})?$/
const PLACEHOLDER = /^<(?:path|url|user|host|email|ip|name|value|secret|number|quoted)>[)\]},;:.!?]*$/

/** Each word of a line, or its placeholder. */
export function redactWords(line: string): string {
  let next: '<secret>' | '<host>' | null = null
  let keyBefore = false
  return line
    .split(' ')
    .map((word) => {
      if (word === '') return word
      const bare = trimPunctuation(word)
      if (bare.core === '' && next !== null) return word // `password : x`
      if (keyBefore && /^(?::?=|:|=>)$/.test(word)) {
        next = '<secret>'
        return word
      }
      const expected = next
      next = announcement(word, bare.core)
      keyBefore = isSecretKey(bare.core)
      if (expected === null) return redactWord(word, bare)
      // `Authorization: Bearer x`: the scheme is no secret, what it announces is.
      if (SCHEME.test(bare.core)) return word
      return expected
    })
    .join(' ')
}

/** What the next word is, if this one says so. */
function announcement(word: string, core: string): '<secret>' | '<host>' | null {
  if (RESOLVING.test(core)) return '<host>'
  if (SCHEME.test(core)) return '<secret>'
  if (/^--?[a-z]/i.test(core) && word.endsWith(core) && !core.includes('=') && isSecretKey(core)) return '<secret>'
  return /[:=]$/.test(word) && isSecretKey(core) ? '<secret>' : null
}

/** A path or URL with `secret` in it is none. */
function isSecretKey(core: string): boolean {
  return SECRET_KEY.test(core) && wholeWord(core) === null
}

interface Bare {
  readonly before: string
  readonly core: string
  readonly after: string
}

const OPENING = new Set('([{')
const CLOSING = new Set(')]},;:.!?=')

function trimPunctuation(word: string): Bare {
  let from = 0
  let to = word.length
  while (from < to && OPENING.has(word.charAt(from))) from++
  while (to > from && CLOSING.has(word.charAt(to - 1))) to--
  return { before: word.slice(0, from), core: word.slice(from, to), after: word.slice(to) }
}

function redactWord(word: string, { before, core, after }: Bare): string {
  const whole = wholeWord(core)
  if (whole !== null) return `${before}${whole}${after}`
  return redactPairs(word).replace(ipv6(), ipOrTime).replace(ipv4(), '<ip>').replace(anyRun(), redactRun)
}

/** The placeholder for a word that may hold anything, null for one that is worth a closer look. */
function wholeWord(core: string): string | null {
  if (core.includes('://')) return '<url>'
  if (SEPARATOR.test(core)) return NO_PATH.test(core) || /^[/\\]$/.test(core) ? null : '<path>'
  if (AT.test(core)) return core === '@' ? null : '<email>'
  return ENCODED.test(core) ? '<value>' : null
}

/** `key=value`, `--flag=value`, `password:value`: the key stays, if it is one. */
function redactPairs(word: string): string {
  const equals = word.indexOf('=')
  const colon = word.indexOf(':')
  if (colon > 0 && (equals === -1 || colon < equals) && SECRET_KEY.test(word.slice(0, colon))) {
    return pair(word, colon, '<secret>')
  }
  return equals === -1 ? word : pair(word, equals, SECRET_KEY.test(word.slice(0, equals)) ? '<secret>' : '<value>')
}

function pair(word: string, at: number, placeholder: string): string {
  const value = word.slice(at + 1).replace(/^[=>]/, '')
  const { core, after } = trimPunctuation(value)
  const isHarmless = HARMLESS_VALUE.test(core) || VERSION.test(core) || PLACEHOLDER.test(value)
  return isHarmless ? word : `${word.slice(0, at + 1)}${placeholder}${after}`
}

/** `12:30:45` is no address: one has `::`, or more than four colons. */
function ipOrTime(address: string): string {
  return address.includes('::') || address.split(':').length > 5 ? '<ip>' : address
}

function redactRun(run: string): string {
  const core = run.replace(/^[.-]{1,3}/, '').replace(/\.{1,3}$/, '')
  if (looksSecret(core) || looksRandom(core)) return '<secret>'
  if (!dotted().test(core) || VERSION.test(core) || NO_NAME.test(core)) return run
  return run.replace(core, () => '<name>')
}
