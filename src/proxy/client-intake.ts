import type { Socket } from 'node:net'

/** A client has no business to talk before it was accepted: more than this waits in the kernel. */
const EARLY_BYTES = 64 * 1024

export interface ClientIntake {
  /** Hands over: what came early, and no listener stays but one that swallows errors. */
  take(): Buffer
}

/** Watches a client while the browser is dialled: keeps what it sends, and tells, once, when it leaves. */
export function watchClient(client: Socket, head: Buffer, left: (how: 'fin' | 'reset') => void): ClientIntake {
  const early = [head]
  let bytes = head.length
  let gone = false
  const leave = (how: 'fin' | 'reset'): void => {
    if (gone) return
    gone = true
    left(how)
  }
  const keep = (chunk: Buffer): void => {
    early.push(chunk)
    bytes += chunk.length
    if (bytes > EARLY_BYTES) client.pause()
  }
  const ended = (): void => leave('fin')
  const broken = (): void => leave('reset')
  client.on('error', () => {})
  client.on('data', keep).on('end', ended).on('close', broken)
  if (client.destroyed) broken()
  return {
    take() {
      client.off('data', keep).off('end', ended).off('close', broken)
      return Buffer.concat(early)
    },
  }
}
