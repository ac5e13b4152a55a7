/**
 * Splices a client and a browser, byte for byte, and tells once who ended it.
 *
 * Race R44: an act of our own (stop, new address, probe verdict) is noted before a socket is touched, and no socket is touched
 * until it has been decided who was first. So whatever ends before the decision ended by itself.
 */
import type { Socket } from 'node:net'
import type { BrowserLink } from './browser-link.ts'
import { encodeCloseFrame, encodeMaskedCloseFrame } from './close-frame.ts'
import type { Farewell } from './farewell.ts'
import { decideFirstEnd } from './first-end.ts'
import type { EndNote } from './first-end.ts'
import { loopDelayMs } from './loop-delay.ts'
import type { PumpEnd, PumpExitCause } from './pump-end.ts'
import { releaseBuffer } from './release-buffer.ts'
import { FrameWalker, NO_CLOSE } from './websocket.ts'

export interface PumpRequest {
  /** The client's socket, after its upgrade. */
  readonly client: Socket
  /** What it had sent with its upgrade. */
  readonly clientHead: Buffer
  readonly link: BrowserLink
  /** What the browser had sent with its acceptance. */
  readonly linkHead: Buffer
  /** What a client is told whose session it did not end. Asked once, after `onClose`; the client waits for it. Never rejects. */
  readonly farewell: (end: PumpEnd) => Promise<Farewell>
  /** How long a side that has been told may take to hang up. */
  readonly lingerMs: number
  /** Called exactly once. `disconnectedAt`: milliseconds since 1970 with fractions, the moment of the first cause. */
  readonly onClose: (cause: PumpExitCause, disconnectedAt: number, end: PumpEnd) => void
}

export interface Pump {
  /** From the client to the browser. */
  readonly up: FrameWalker
  /** From the browser to the client. */
  readonly down: FrameWalker
  /** Ends the session by an act of our own. After the first end it does nothing. */
  end(how: 'url_change' | 'probe_timeout' | 'shutdown'): void
  /**
   * Resolves when the goodbye that ended the session was read to its end, or nothing more of it will come; at once after any
   * other end. Race R50: a close frame may arrive in two pieces, its code in the second.
   */
  readonly goodbyeRead: Promise<void>
  /** Resolves when both sockets are closed. */
  readonly closed: Promise<void>
}

/** The clock of `disconnectedAt`: it does not jump. */
export function preciseNowMs(): number {
  return performance.timeOrigin + performance.now()
}

export function startPump({ client, clientHead, link, linkHead, farewell, lingerMs, onClose }: PumpRequest): Pump {
  const browser = link.socket
  const up = new FrameWalker({ keepOpenings: true })
  const down = new FrameWalker()
  const notes: EndNote[] = []
  let firstAt = 0
  let end: PumpEnd | undefined
  let clientHeld = false
  let browserHeld = false
  /** The client's chunk that has not all left. */
  let leaving: Buffer = NOTHING
  /** Race R50: a goodbye of the browser's own is kept from the client, from its first byte on, also if the client's comes before the rest. */
  let withheld = false
  let tellGoodbyeRead: () => void
  const goodbyeRead = new Promise<void>((resolve) => (tellGoodbyeRead = resolve))

  const note = (added: EndNote): void => {
    if (end || notes.some((noted) => saysSame(noted, added))) return
    notes.push(added)
    if (notes.length > 1) return
    firstAt = preciseNowMs()
    const lateMs = loopDelayMs()
    // Race R45: data and end of one socket arrive in two turns of a loop that was late; so two turns are waited for.
    setImmediate(() => setImmediate(() => decide(lateMs)))
  }

  const fromClient = (chunk: Buffer): void => {
    if (up.walk(chunk) !== NO_CLOSE) note({ side: 'client', how: 'close_frame', paused: clientHeld })
    if (end) lookAtGoodbye(end)
    if (browser.writableEnded || browser.destroyed) return
    browser.write(chunk)
    clientHeld = browser.writableLength > 0
    // Race R49: only bytes that have left are given back; the kernel took these in the call above.
    if (!clientHeld) return releaseBuffer(chunk)
    client.pause()
    leaving = chunk
    browser.write(NOTHING, browserFlushed)
  }
  const browserFlushed = (): void => {
    if (browser.writableLength === 0) releaseBuffer(leaving)
    if (clientHeld && browser.writableLength === 0) client.resume()
  }

  const fromBrowser = (chunk: Buffer): boolean => {
    const closeAt = down.walk(chunk)
    let passing = withheld ? NOTHING : chunk
    if (closeAt !== NO_CLOSE) {
      note({ side: 'upstream', how: 'close_frame', paused: browserHeld })
      // It says 1000 where the truth is another. An echo of the client's passes.
      withheld = !up.closed
      if (withheld) passing = chunk.subarray(0, closeAt)
    }
    if (passing.length === 0 || client.writableEnded || client.destroyed) return true
    client.write(passing)
    browserHeld = client.writableLength > 0
    if (browserHeld) client.write(NOTHING, clientFlushed)
    return !browserHeld
  }
  const clientFlushed = (): void => {
    if (browserHeld && client.writableLength === 0) link.resume()
  }

  const decide = (lateMs: number): void => {
    end = decideFirstEnd(notes, lateMs)
    onClose(end.cause, firstAt, end)
    lookAtGoodbye(end)
    if (end.cause === 'client') hangUpAfterClient(end)
    else hangUp(end)
    clientFlushed()
    browserFlushed()
  }

  /** After a goodbye the browser's echo is still on its way; else nobody reads any more. */
  const hangUpAfterClient = ({ how }: PumpEnd): void => {
    if (how !== 'close_frame' || browser.readableEnded) browser.end()
    if (how === 'reset') client.destroy()
    if (browser.readableEnded || browser.destroyed) client.end()
    startLinger()
  }

  const hangUp = (decided: PumpEnd): void => {
    link.sink = (chunk) => {
      if (down.closed) down.walk(chunk)
      lookAtGoodbye(decided)
      return true
    }
    // Whoever is hung up on hangs up: not before the browser has said why.
    void goodbyeRead.then(() => {
      if (browser.readableEnded || up.midframe || up.closed) browser.end()
      else browser.end(GOODBYE_TO_BROWSER)
    })
    const ended = up.rest()
    client.off('data', fromClient).on('data', (chunk: Buffer) => {
      if (ended.walk(chunk) !== NO_CLOSE) leave()
    })
    client.resume()
    // Between frames only: inside of one the client would take it for payload. And who has left waits for no words.
    if (up.closed || client.readableEnded || (down.midframe && !withheld)) leave()
    else void farewell(decided).then(({ code, reason }) => leave(encodeCloseFrame(code, reason)))
  }
  const leave = (lastWords?: Buffer): void => {
    if (client.writableEnded) return
    if (lastWords) client.write(lastWords)
    client.end()
    startLinger()
  }
  const startLinger = (): void => {
    if (openSockets === 0) return
    linger = setTimeout(() => {
      client.destroy()
      browser.destroy()
    }, lingerMs)
  }

  const lookAtGoodbye = ({ cause, how }: PumpEnd): void => {
    const [walker, socket] = cause === 'client' ? [up, client] : [down, browser]
    if (how !== 'close_frame' || walker.closeSaid || socket.readableEnded || socket.destroyed) tellGoodbyeRead()
  }

  const clientEnded = (): void => {
    note({ side: 'client', how: 'fin', paused: clientHeld })
    if (!end) return
    lookAtGoodbye(end)
    browser.end()
    if (end.cause !== 'client') leave()
  }
  const browserEnded = (): void => {
    note({ side: 'upstream', how: 'fin', paused: browserHeld })
    if (!end) return
    lookAtGoodbye(end)
    if (end.cause === 'client') client.end()
  }
  let linger: NodeJS.Timeout | undefined
  let openSockets = 2
  const closed = new Promise<void>((resolve) => {
    const closedOne = (): void => {
      if (end) lookAtGoodbye(end)
      if (--openSockets > 0) return
      clearTimeout(linger)
      resolve()
    }
    client.once('close', () => {
      note({ side: 'client', how: 'reset', paused: clientHeld })
      if (end) browser.end()
      closedOne()
    })
    browser.once('close', () => {
      note({ side: 'upstream', how: 'reset', paused: browserHeld })
      closedOne()
    })
  })
  client.on('error', () => note({ side: 'client', how: 'reset', paused: clientHeld }))
  browser.on('error', () => note({ side: 'upstream', how: 'reset', paused: browserHeld }))
  client.on('end', clientEnded)
  browser.on('end', browserEnded)
  client.setNoDelay(true)
  link.sink = fromBrowser
  if (linkHead.length === 0 || fromBrowser(linkHead)) link.resume()
  if (clientHead.length > 0) fromClient(clientHead)
  client.on('data', fromClient)
  if (clientHeld) client.pause()
  return { up, down, end: (how) => note({ side: 'proxy', how }), goodbyeRead, closed }
}

/**
 * To pass nothing on; and, written behind a chunk that has not left at once, to hear when it has. A callback of the chunk's own
 * would cost each message a turn of Node's tick queue, and most leave at once.
 */
const NOTHING = Buffer.alloc(0)
const GOODBYE_TO_BROWSER = encodeMaskedCloseFrame(1001, '')

/** A socket ends once, with or without a goodbye before; our own acts are all told. */
function saysSame(noted: EndNote, added: EndNote): boolean {
  if (noted.side !== added.side) return false
  return noted.how === added.how || (noted.side !== 'proxy' && noted.how !== 'close_frame')
}
