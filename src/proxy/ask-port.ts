/** Learns the address of whatever browser answers at one port, by asking it: often while none does, seldom while one does. */
import type { BrowserAddress } from './fetch-from-browser.ts'
import { confirmUpstream } from './confirm-upstream.ts'
import { type Looking, repeatLook } from './repeat-look.ts'

export interface AskPortRequest extends BrowserAddress {
  readonly announce: (url: string) => void
}

const AWAY_LOOK_MS = 100
const THERE_LOOK_MS = 500

export function followPort({ host, port, announce }: AskPortRequest): Looking {
  return repeatLook(async () => {
    const url = await confirmUpstream({ host, port, path: null })
    if (url === null) return AWAY_LOOK_MS
    announce(url)
    return THERE_LOOK_MS
  })
}
