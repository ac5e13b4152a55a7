/**
 * Replacing a small file so that every reader sees the old bytes or the new ones, 0600, without fsync (a power cut may cost the
 * last seconds; a SIGKILL costs nothing). Not on the hot path: it loads write-file-atomic.
 */
import writeFileAtomic from 'write-file-atomic'
import { errorCode, readSmallFile } from './read-small-file.ts'
import { retryOnWindows } from './rename-over.ts'

export type Replaced =
  | { readonly kind: 'replaced' }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'failed'; readonly reason: string }

/**
 * Replaces `path` with `text`. With `expected`, only while the file still holds exactly that text (null: does not exist), looked
 * at between the creation of the temporary file and its rename: about 0.1 ms. Never throws.
 */
export function replaceFile(path: string, text: string, expected?: string | null): Replaced {
  try {
    retryOnWindows(() =>
      writeFileAtomic.sync(path, text, {
        mode: 0o600,
        fsync: false,
        tmpfileCreated: () => {
          if (expected !== undefined && currentText(path) !== expected) throw new Superseded()
        },
      }),
    )
    return { kind: 'replaced' }
  } catch (error) {
    return error instanceof Superseded ? { kind: 'superseded' } : { kind: 'failed', reason: errorCode(error) }
  }
}

class Superseded extends Error {}

function currentText(path: string): string | null | undefined {
  const file = readSmallFile(path)
  return file.kind === 'text' ? file.text : file.kind === 'absent' ? null : undefined
}
