/** What follows the browser's address, by the kind of its source. */
import { followPort } from './ask-port.ts'
import { followChromiumLog } from './chromium-log.ts'
import { followActivePort } from './devtools-active-port.ts'
import type { UpstreamSource } from './proxy-options.ts'
import type { Looking } from './repeat-look.ts'

/** `announce` is told each confirmed address, `complain` why a source cannot be read. */
export function followUpstream(
  source: UpstreamSource,
  announce: (url: string) => void,
  complain: (why: string) => void,
): Looking {
  switch (source.kind) {
    case 'port':
      return followPort({ ...source, announce })
    case 'log':
      return followChromiumLog({ file: source.file, announce, complain })
    case 'profile':
      return followActivePort({ profile: source.profile, announce })
  }
}
