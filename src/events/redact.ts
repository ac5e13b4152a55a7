/**
 * What an error said, without what it said it about: `ENOENT: no such file or directory, open <quoted>`. Runs in the host only
 * when a command failed, and once more in the reporter.
 *
 * Two layers. First what can hold anything is taken out whole: PEM blocks, quotations, words with a separator of paths, an `@`, a
 * `://` or a `%2f` in them, values of assignments, what follows a key or flag that sounds secret. Then what is left is looked
 * at word by word (redact-word.ts). Wherever a rule is in doubt about where a thing ends, it takes more.
 *
 * Linear: patterns have no nested or adjacent repetition over the same characters, and every one that could run to the end of
 * the text without matching matches the end instead. Idempotent by construction: the result is a fixed point of the scrubber.
 */
import { lazyPattern } from './lazy-pattern.ts'
import { redactWords } from './redact-word.ts'
import { MESSAGE_LENGTH_MAX } from './shapes.ts'

/** What the scrubber knows of the machine. Null: not known. */
export interface RedactionContext {
  readonly home: string | null
  readonly cwd: string | null
  /** Login name; by default the last segment of `home`. */
  readonly user?: string | null
}

export const NO_CONTEXT: RedactionContext = { home: null, cwd: null }

/** UTF-16 units. More is not an error's message but a dump. */
const INPUT_LENGTH_MAX = 4096
const PASSES_MAX = 8

/**
 * @param text an error, a message, or whatever was thrown
 * @returns one line of 1 to 300 characters; null for nothing, for what throws when read, and for more than 4 KiB
 */
export function redactMessage(text: unknown, context: RedactionContext): string | null {
  const message = messageOf(text)
  if (message === null || message.length > INPUT_LENGTH_MAX) return null
  try {
    const known = knownPatterns(context)
    let before = onOneLine(message)
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      const after = cut(scrub(before, known))
      if (after === before) return after === '' ? null : after
      before = after
    }
  } catch {
    // a home directory that no pattern can be made of: nothing is said rather than something unscrubbed
  }
  return null
}

function messageOf(thrown: unknown): string | null {
  if (typeof thrown === 'string') return thrown
  if (thrown === null || thrown === undefined || typeof thrown === 'symbol' || typeof thrown === 'function') return null
  try {
    const message = typeof thrown === 'object' ? (thrown as { message?: unknown }).message : undefined
    // oxlint-disable-next-line no-base-to-string -- what has no text of its own is left out below
    const text = typeof message === 'string' ? message : String(thrown)
    return text.startsWith('[object ') ? null : text
  } catch {
    return null // a getter, a toString or a Proxy of the host's that throws
  }
}

// ANSI: CSI sequences, then OSC strings with their end.
// oxlint-disable-next-line no-control-regex
const ANSI = /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/g
// Removed, not replaced by a space: a token cut in two by a NUL or a zero-width space is one token again.
const invisible = lazyPattern(
  String.raw`[\u034f\p{Cc}\p{Cf}\p{Cs}\p{Co}\u115f\u1160\u3164\uffa0]|\p{Variation_Selector}`,
  'gu',
)
const FULL_WIDTH = /[\uff01-\uff5e]/g

function onOneLine(text: string): string {
  return text
    .replace(ANSI, '')
    .replace(/\s/g, ' ')
    .replace(invisible(), '')
    .replace(FULL_WIDTH, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
}

interface KnownPatterns {
  readonly folders: readonly RegExp[]
  readonly user: RegExp | null
}

const PEM = /-----BEGIN [^]*?(?:-----END [^-]{0,64}-----|$)/g
// The quotations with an end of their own; one that never closes goes on to the end of the text.
const QUOTED =
  /"(?:[^"\\]|\\.)*(?:"|\\?$)|`(?:[^`\\]|\\.)*(?:`|\\?$)|[“„][^“”]*(?:[“”]|$)|«[^»]*(?:»|$)|「[^」]*(?:」|$)/g
// An apostrophe inside a word (can't), or after a placeholder (<user>'s), quotes nothing.
const apostrophes = lazyPattern(
  String.raw`(?<![\p{L}\p{N}]|<(?:path|url|user|host|email|ip|name|value|secret|number|quoted)>)(?:'(?:[^']|'(?=[\p{L}\p{N}]))*(?:'|$)|[‘‚‹](?:[^’›]|’(?=[\p{L}\p{N}]))*(?:[’›]|$))`,
  'gu',
)
// Cards, telephones, account numbers: from seven digits on, with at most two characters between two of them.
const digits = lazyPattern(String.raw`\+?\p{Nd}(?:[ ).-]{0,2}\p{Nd}){6,}`, 'gu')
const REPEATED = /<(path|quoted|secret|value|url)>(?:[ ,]?<\1>)+/g

function scrub(text: string, known: KnownPatterns): string {
  let result = text.replace(PEM, '<secret>')
  for (const folder of known.folders) result = result.replace(folder, '<path>')
  result = result.replace(QUOTED, '<quoted>').replace(apostrophes(), '<quoted>')
  if (known.user !== null) result = result.replace(known.user, '<user>')
  return redactWords(result).replace(digits(), '<number>').replace(REPEATED, '<$1>').replace(/ {2,}/g, ' ').trim()
}

const loneSurrogate = lazyPattern(String.raw`\p{Cs}$`, 'u')

/** At most 300 characters, never ending within a placeholder. */
function cut(text: string): string {
  if (text.length <= MESSAGE_LENGTH_MAX) return text
  const kept = text.slice(0, MESSAGE_LENGTH_MAX)
  const open = kept.lastIndexOf('<')
  const whole = open > kept.lastIndexOf('>') && MESSAGE_LENGTH_MAX - open < 12 ? kept.slice(0, open) : kept
  return whole.replace(loneSurrogate(), '').trimEnd()
}

/** Names that are words of every other message, or of the placeholders. */
const COMMON_USERS =
  /^(?:root|node|user|admin|test|app|dev|home|users|runner|ubuntu|path|url|host|email|ip|name|value|secret|number|quoted)$/i

function knownPatterns(context: RedactionContext): KnownPatterns {
  const folders = [context.cwd, context.home].flatMap((folder) => {
    const segments = folder === null ? [] : folder.split(/[\\/]+/).filter((segment) => segment !== '')
    // The root, and a lone drive, are in every path anyway.
    return segments.length === 0 || /^[a-z]:$/i.test(segments.join('')) ? [] : [folderPattern(segments)]
  })
  const user = context.user ?? context.home?.split(/[\\/]+/).findLast((segment) => segment !== '') ?? ''
  const named = user.length >= 2 && !COMMON_USERS.test(user)
  return { folders, user: named ? new RegExp(`(?<![\\p{L}\\p{N}])${escape(user)}(?![\\p{L}\\p{N}])`, 'giu') : null }
}

/** The folder in any case, with either separator, JSON-escaped or URL-encoded. Needed for its spaces; the rest the words get. */
function folderPattern(segments: readonly string[]): RegExp {
  const each = segments.map((segment) => {
    const plain = escape(segment).replaceAll(' ', '(?: |%20|\\\\ )')
    const encoded = escape(encodeURIComponent(segment))
    return plain === encoded ? plain : `(?:${plain}|${encoded})`
  })
  const separator = '(?:[\\\\/]{1,2}|%2f|%5c)'
  // Without its separator in front `/root` would be every "root" of a sentence; a drive has none.
  const first = segments[0]?.endsWith(':') ? '' : separator
  return new RegExp(`${first}${each.join(separator)}(?![\\p{L}\\p{N}])`, 'giu')
}

function escape(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
