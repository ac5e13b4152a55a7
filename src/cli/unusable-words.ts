/** Why a place cannot be used and what to do about it. Pure. */

/** `reason`: of state-directory.ts, or an errno code. `variable` is the one that says no without any file. */
export function unusableInWords(reason: string, path: string, variable: string): string {
  const meanwhile = `Until then ${variable}=0 or DO_NOT_TRACK=1 in the environment says no.`
  switch (reason) {
    case 'no-home':
      return 'there is no HOME to look in. Set it, or give --directory.'
    case 'not-ours':
      return `${path} belongs to another user, so nothing is kept there. Give it back (chown) or give --directory. ${meanwhile}`
    case 'not-a-directory':
      return `${path}, or telemetry in it, is not a plain folder. Move away what is there, or give --directory. ${meanwhile}`
    case 'ENOSPC':
    case 'EDQUOT':
      return `${path} takes no more writes: the disk is full (${reason}). Make room and try again. ${meanwhile}`
    default:
      return `${path} cannot be written (${reason}). Make it writable, or give --directory. ${meanwhile}`
  }
}
