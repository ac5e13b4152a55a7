/**
 * The frames of an error's stack that are the host's own code: V8's format, no pattern that can backtrack. The text above the
 * frames is the message, and is never looked at.
 */
import { type ExceptionFrame, FRAMES_MAX, isFileName, isFunctionName, UNKNOWN_FUNCTION } from './exception-list.ts'
import { looksSecret } from './looks-secret.ts'

const STACK_LENGTH_MAX = 64 * 1024

/**
 * @param stack `error.stack`, or whatever is there instead
 * @param hostRoot folder of the host's code (`hostRootOf`); null, not known: no frames, for a file of the user's (a
 *   configuration that is a module) must not be taken for the host's
 * @returns outermost call first, at most 20, the innermost ones
 */
export function hostFrames(stack: unknown, hostRoot: string | null): readonly ExceptionFrame[] {
  if (typeof stack !== 'string' || hostRoot === null) return []
  const root = `${normalPath(hostRoot).replace(/\/$/, '')}/`
  const frames: ExceptionFrame[] = []
  for (const line of stack.slice(0, STACK_LENGTH_MAX).split('\n')) {
    const frame = parseFrame(line.trim(), root)
    if (frame !== null) frames.push(frame)
    if (frames.length === FRAMES_MAX) break
  }
  return frames.reverse()
}

/**
 * The folder of the host's code, from its entry file (`realpath` of `process.argv[1]`): the installed package, else the entry's
 * folder, or that one's parent if it is called bin, dist, lib, build, out or src. Null for a folder that would be everything.
 */
export function hostRootOf(entry: string): string | null {
  const path = normalPath(entry)
  const installed = path.lastIndexOf('/node_modules/')
  const segments = path.split('/')
  if (installed !== -1) {
    const [scope = '', name = ''] = path.slice(installed + '/node_modules/'.length).split('/')
    return `${path.slice(0, installed)}/node_modules/${scope.startsWith('@') ? `${scope}/${name}` : scope}`
  }
  segments.pop()
  if (/^(?:bin|dist|lib|build|out|src)$/.test(segments.at(-1) ?? '') && segments.length > 2) segments.pop()
  return segments.length > 1 ? segments.join('/') : null
}

/** `at fn (/a/b (1).js:3:4)`, `at async fn (file:///a/b.js:3:4)`, `at C:\a\b.js:3:4`; null for all that is not the host's. */
function parseFrame(line: string, root: string): ExceptionFrame | null {
  if (!line.startsWith('at ') || line.length > 1024) return null
  const open = line.indexOf(' (')
  const hasName = open !== -1 && line.endsWith(')')
  const location = hasName ? line.slice(open + 2, -1) : line.slice(3).replace(/^async /, '')
  const place = /^(.{1,900}):(\d{1,9}):(\d{1,9})$/.exec(location)
  if (place === null) return null
  const [, path = '', lineno, colno] = place
  const file = normalPath(path)
  if (!file.startsWith(root) || file.slice(root.length).includes('node_modules/')) return null
  const filename = file.slice(file.lastIndexOf('/') + 1)
  if (!isFileName(filename) || looksSecret(filename.replace(/\.\w+$/, ''))) return null
  return {
    platform: 'node:javascript',
    filename,
    function: functionName(hasName ? line.slice(3, open) : ''),
    lineno: Number(lineno),
    colno: Number(colno),
    in_app: true,
  }
}

function functionName(text: string): string {
  const name = text.replace(/^async /, '').replace(/^new /, '')
  return isFunctionName(name) && !looksSecret(name) ? name : UNKNOWN_FUNCTION
}

/** One spelling for `file:///C:/a`, `C:\a` and `c:/a`. */
function normalPath(path: string): string {
  let plain = path
  if (path.startsWith('file://')) {
    try {
      plain = decodeURIComponent(path.slice(7))
    } catch {
      plain = path.slice(7) // not encoded by anybody: as it stands
    }
  }
  return plain.replaceAll('\\', '/').replace(/^\/?([A-Za-z]):\//, (_, drive: string) => `${drive.toLowerCase()}:/`)
}
