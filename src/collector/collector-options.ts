import { isIPv6 } from 'node:net'
import { CollectorError } from './collector-error.ts'
import type { CollectedEvent } from './ingest.ts'
import { isLoopbackAddress } from './loopback.ts'

export interface CollectorOptions {
  /** `HOST:PORT`, `[::1]:PORT`; port 0 takes any free one. @default '127.0.0.1:8484' */
  readonly listen?: string
  /** Permits an address other machines can reach. There is no authentication: whoever reaches it reads and writes. @default false */
  readonly allowRemote?: boolean
  /** SQLite file, made if it is missing, with its folder. @default in memory, gone with the collector */
  readonly database?: string
  /** Told of the events of each request once they are stored. An exception of its own is uncaught, and no business of the request. */
  readonly onEvents?: (events: readonly CollectedEvent[]) => void
}

export interface CollectorSettings {
  readonly host: string
  readonly port: number
  /** Bound to loopback: then only loopback names are accepted in the Host header. */
  readonly loopback: boolean
  readonly database: string | undefined
  readonly onEvents: ((events: readonly CollectedEvent[]) => void) | undefined
}

const KNOWN: ReadonlySet<string> = new Set(['listen', 'allowRemote', 'database', 'onEvents'])

/** Fills in the defaults. Throws TypeError for an unknown or malformed option, CollectorError `remote-address-refused`. */
export function collectorSettings(options: CollectorOptions): CollectorSettings {
  for (const key of Object.keys(options)) {
    if (!KNOWN.has(key)) throw new TypeError(`collector options: unknown option ${JSON.stringify(key)}`)
  }
  const { listen = '127.0.0.1:8484', allowRemote = false, database, onEvents } = options
  if (database !== undefined && (typeof database !== 'string' || database === '')) {
    throw new TypeError(`collector option database: got ${JSON.stringify(database)}, wants a file's path`)
  }
  if (onEvents !== undefined && typeof onEvents !== 'function') {
    throw new TypeError(`collector option onEvents: got ${typeof onEvents}, wants a function`)
  }
  const { host, port } = parseListen(listen)
  const loopback = isLoopbackAddress(host)
  if (!loopback && !allowRemote) {
    throw new CollectorError(
      'remote-address-refused',
      `listening on ${listen}: not a loopback address, so anyone who reaches it could read and write events; ` +
        `pass allowRemote: true if that is meant`,
      { listen },
    )
  }
  return { host, port, loopback, database: database === ':memory:' ? undefined : database, onEvents }
}

function parseListen(listen: string): { host: string; port: number } {
  const match = /^(?:\[([^\]]+)\]|([^\s:/[\]]+)):(\d{1,5})$/.exec(listen)
  const port = Number(match?.[3])
  if (!match || port > 65_535 || (match[1] !== undefined && !isIPv6(match[1]))) {
    throw new TypeError(`collector option listen: got ${JSON.stringify(listen)}, wants HOST:PORT, e.g. 127.0.0.1:8484`)
  }
  const host = match[1] ?? match[2] ?? ''
  // Not left to the resolver: /etc/hosts may say anything.
  return { host: host.toLowerCase() === 'localhost' ? '127.0.0.1' : host, port }
}
