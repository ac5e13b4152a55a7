/**
 * Learns the browser's address from `DevToolsActivePort` in its profile: two lines, port and path. No page can forge it, but a browser that was
 * killed leaves it behind: confirmed like a line of the log.
 */
import fs from 'node:fs/promises'
import { confirmUpstream } from './confirm-upstream.ts'
import type { UpstreamHint } from './devtools-line.ts'
import { type Looking, repeatLook } from './repeat-look.ts'

export interface ActivePortRequest {
  /** The browser's user data directory. */
  readonly profile: string
  readonly announce: (url: string) => void
}

const LOOK_MS = 100

export function followActivePort({ profile, announce }: ActivePortRequest): Looking {
  let confirmed = ''
  return repeatLook(async () => {
    const text = await readText(`${profile}/DevToolsActivePort`)
    if (text === confirmed) return LOOK_MS
    confirmed = ''
    const hint = parseActivePort(text)
    // With port 0 a browser on [::1] alone is not one of Chromium's: it leaves 127.0.0.1 only when that port is taken.
    for (const host of hint === null ? [] : ['127.0.0.1', '::1']) {
      const url = hint === null ? null : await confirmUpstream({ ...hint, host })
      if (url === null) continue
      confirmed = text
      announce(url)
      break
    }
    return LOOK_MS
  })
}

/** Null for a file that is being written, or is none of Chromium's. */
export function parseActivePort(text: string): Omit<UpstreamHint, 'host'> | null {
  const [, digits, path] = /^(\d{1,5})\n(\/devtools\/browser\/[\w-]{1,64})\n?$/.exec(text) ?? []
  const port = Number(digits)
  return path === undefined || port === 0 || port > 65_535 ? null : { port, path }
}

/** 256 bytes are enough; what is longer is none of Chromium's. */
async function readText(file: string): Promise<string> {
  try {
    const handle = await fs.open(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(256), 0, 256, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await handle.close()
    }
  } catch {
    return '' // no browser yet
  }
}
