/**
 * - `no-sqlite-driver`: no engine found, the message says what to install; `data.tried` lists each with its reason
 * - `database-unusable`: the file cannot be opened, is not a database, belongs to another program or to a newer version
 * - `address-unavailable`: in use, not ours, or not permitted; `cause` is the errno error
 * - `remote-address-refused`: `listen` is not a loopback address and `allowRemote` was not given
 */
export type CollectorErrorCode =
  | 'no-sqlite-driver'
  | 'database-unusable'
  | 'address-unavailable'
  | 'remote-address-refused'

/** Why a collector could not start. Wrong options are a TypeError instead. */
export class CollectorError extends Error {
  override readonly name: string = 'CollectorError'
  readonly code: CollectorErrorCode
  readonly data: Readonly<Record<string, unknown>>

  constructor(
    code: CollectorErrorCode,
    message: string,
    { cause, ...data }: { readonly cause?: unknown; readonly [key: string]: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.data = data
  }
}
