/**
 * What a session says when it begins and when it has ended: the properties of `cdp_connect` and `cdp_disconnect` under their
 * wire names. Whoever gets them holds them to the catalogue; `close_reason` and `client_agent` are other people's words.
 */

/** Why a session ended. */
export type DisconnectReason =
  | 'client_close'
  | 'context_cancelled'
  | 'upstream_changed'
  | 'upstream_error'
  | 'target_closed'
  | 'upstream_unresponsive'

/** Where an end was seen: the side that ended first, or the proxy's own act. */
export type ClosedBy = 'client' | 'upstream' | 'proxy'

/** In what manner: `fin` and `reset` are TCP's, a `close_frame` is a goodbye, the others are the proxy's own. */
export type DisconnectHow =
  | 'close_frame'
  | 'fin'
  | 'reset'
  | 'probe_timeout'
  | 'url_change'
  | 'shutdown'
  | 'dial_failed'

/** The client's own act that explains an end by the browser. */
export type RequestedEnd =
  | 'Browser.close'
  | 'Browser.crash'
  | 'Target.closeTarget'
  | 'oversize_message'
  | 'binary_frame'
  | 'unmasked_frame'

export interface CdpConnect {
  /** A UUID, the same in both events. */
  readonly connection_id: string
  /** Microseconds since 1970: when the upgrade was asked for. */
  readonly ts_us: number
  readonly target: 'browser' | 'page'
  /** Hash of the browser's id, never the address. */
  readonly upstream_id: string
  /** Until the browser had accepted, or until the proxy gave up. */
  readonly dial_ms: number
  /** Product of the User-Agent only, as in `Playwright/1.65.1`. */
  readonly client_agent?: string
  readonly deflate_offered: boolean
}

export interface CdpDisconnect {
  readonly connection_id: string
  /** Microseconds since 1970: the first cause, not the verdict. */
  readonly ts_us: number
  readonly reason: DisconnectReason
  readonly closed_by: ClosedBy
  readonly how: DisconnectHow
  /** Only when a close frame was seen that carried them. */
  readonly close_code?: number
  readonly close_reason?: string
  /** `false`: the verdict had to be given before the restart window was over. */
  readonly confirmed: boolean
  /** Both sides ended within two turns of the event loop: the evidence decided, not the order. */
  readonly ambiguous: boolean
  /** How late the loop was when the end was seen; 0 unless ambiguous. */
  readonly loop_delay_ms: number
  /** After an end by the browser: whether the one dialled still answers under the same id. */
  readonly browser_alive?: boolean
  readonly requested?: RequestedEnd
  /** From the upgrade to the first cause. */
  readonly duration_ms: number
  readonly messages_up: number
  readonly messages_down: number
  readonly bytes_up: number
  readonly bytes_down: number
  /** Both directions together. */
  readonly message_count: number
  /** Cut inside a frame, in either direction. */
  readonly midframe: boolean
  /** The end may have been seen late: that side was held back because the other read slowly. */
  readonly paused: boolean
  /** Events of this session that the receiver threw at, or that had nobody to be booked to: 0 is said, too. */
  readonly telemetry_dropped: number
}
