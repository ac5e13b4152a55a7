/**
 * The two events of one session, handed to the sink. Whatever the sink does, it is no business of the bytes: it is called before the first
 * and after the last, what it throws is counted, and the count goes out with the session's last event. One that blocks holds up every session
 * of the process, and changes nothing in them.
 */
import type { Attribution, EventSink } from '../events/event-sink.ts'
import type { Json } from '../events/envelope.ts'
import { uuid7 } from '../events/uuid7.ts'
import type { CdpConnect, CdpDisconnect } from './proxy-events.ts'

export interface SessionTelemetry {
  connected(facts: CdpConnect): void
  disconnected(facts: CdpDisconnect): void
}

/** `attribution` is asked now, once: a login while the session lasts changes nothing. One that throws costs the events, and counts like a sink that does. */
export function sessionTelemetry(sink: EventSink, attribution: () => Attribution | null): SessionTelemetry {
  let dropped = 0
  const bookedTo = quietly(attribution)
  const tell = (event: 'cdp_connect' | 'cdp_disconnect', facts: CdpConnect | CdpDisconnect): void => {
    const nowMs = Date.now()
    try {
      sink({
        event,
        uuid: uuid7(nowMs),
        timestamp: new Date(nowMs).toISOString(),
        properties: { ...(facts as unknown as Record<string, Json>), $geoip_disable: true, $ip: null },
        attribution: bookedTo === 'unknown' ? null : bookedTo,
      })
      if (bookedTo === 'unknown') dropped += 1
    } catch {
      dropped += 1
    }
  }
  return {
    connected: (facts) => tell('cdp_connect', facts),
    disconnected: (facts) => tell('cdp_disconnect', { ...facts, telemetry_dropped: facts.telemetry_dropped + dropped }),
  }
}

function quietly(attribution: () => Attribution | null): Attribution | null | 'unknown' {
  try {
    return attribution()
  } catch {
    return 'unknown' // the sink gets the events all the same, and has nobody to book them to
  }
}
