/**
 * Why `spawn` started nothing. For five codes (ENOENT, EACCES, EMFILE, ENFILE, EAGAIN) it returns a child without a pid and names
 * the code in an `error` event of a later turn, which inside 'exit' never comes; every other code is thrown. Nothing public holds it
 * in between, and the same call made synchronously to hear it might start what it should not. So it is found out: what can be looked
 * at is, and what is left of the five is the limit on processes.
 */
import { fs } from '../files/fs.ts'
import { errorCode } from '../files/read-small-file.ts'

/** What `spawn` takes in this process: a pipe for the child's word that it runs. */
const DESCRIPTORS_NEEDED = 2

/** An errno name. Synchronous; closes what it opens. */
export function whyNotStarted(command: string): string {
  const opened: number[] = []
  try {
    fs.accessSync(command, fs.constants.X_OK)
    while (opened.length < DESCRIPTORS_NEEDED) opened.push(fs.openSync(command, 'r'))
    return 'EAGAIN'
  } catch (error) {
    return errorCode(error)
  } finally {
    for (const fd of opened) fs.closeSync(fd)
  }
}
