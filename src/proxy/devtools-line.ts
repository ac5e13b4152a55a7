/**
 * `DevTools listening on ws://127.0.0.1:9222/devtools/browser/<id>` in Chromium's log. A hint, no more: any page can print such a
 * line there (`console.log` keeps its newlines), so it must begin at column 0, name loopback, and be confirmed by the browser itself.
 */
import { isLoopbackAddress } from './admission.ts'

/** Where a browser may listen. */
export interface UpstreamHint {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  /** `/devtools/browser/<id>`; null: whichever browser is there. */
  readonly path: string | null
}

const LINE =
  /^DevTools listening on ws:\/\/(?:\[([0-9a-fA-F:.]+)\]|([\d.]+)):(\d{1,5})(\/devtools\/browser\/[\w-]{1,64})\r?$/

/** Null for every other line, and for addresses of other machines. */
export function parseDevToolsLine(line: string): UpstreamHint | null {
  const [, ipv6, ipv4, digits, path] = LINE.exec(line) ?? []
  const host = ipv6 ?? ipv4
  const port = Number(digits)
  if (host === undefined || path === undefined || port === 0 || port > 65_535 || !isLoopbackAddress(host)) return null
  return { host, port, path }
}

/** Longer ones are no line of ours: their rest is skipped, and the next line is read as usual. Chromium prints 100 kB at will. */
const LINE_BYTES_MAX = 4096

/** Cuts bytes into lines, however they arrive; memory is bounded by one line's cap. */
export class LineCutter {
  #held: Buffer = Buffer.alloc(0)
  #skipping = false

  /** The whole lines that these bytes complete, oldest first, without those that are too long. */
  cut(bytes: Buffer): readonly string[] {
    const lines: string[] = []
    let from = 0
    for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
      if (!this.#skipping && this.#held.length + end - from <= LINE_BYTES_MAX)
        lines.push(Buffer.concat([this.#held, bytes.subarray(from, end)]).toString('utf8'))
      this.#held = Buffer.alloc(0)
      this.#skipping = false
      from = end + 1
    }
    const rest = bytes.subarray(from)
    if (this.#skipping || this.#held.length + rest.length > LINE_BYTES_MAX) {
      this.#held = Buffer.alloc(0)
      this.#skipping = true
    } else this.#held = Buffer.concat([this.#held, rest])
    return lines
  }

  /** Another file: what is held belongs to none of its lines. */
  reset(): void {
    this.#held = Buffer.alloc(0)
    this.#skipping = false
  }
}
