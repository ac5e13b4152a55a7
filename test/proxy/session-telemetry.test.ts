import { expect, test } from 'vitest'
import type { SinkEvent } from '../../src/events/event-sink.ts'
import type { CdpConnect, CdpDisconnect } from '../../src/proxy/proxy-events.ts'
import { sessionTelemetry } from '../../src/proxy/session-telemetry.ts'

test.each([
  ['nobody throws', [], 0],
  ['the sink throws at cdp_connect', ['sink'], 1],
  ['the attribution throws', ['attribution'], 1],
  ['both throw', ['sink', 'attribution'], 1],
])('sessionTelemetry() 41: %s: counted in the last event, which is told all the same', (_, throwing, dropped) => {
  const may = (who: string): void => {
    if (throwing.includes(who)) throw new Error('ENOSPC')
  }
  const told: SinkEvent[] = []
  const telemetry = sessionTelemetry(
    (event) => {
      told.push(event)
      if (event.event === 'cdp_connect') may('sink')
    },
    () => {
      may('attribution')
      return null
    },
  )
  telemetry.connected({ connection_id: 'c' } as CdpConnect)
  telemetry.disconnected({ connection_id: 'c', telemetry_dropped: 0 } as CdpDisconnect)
  expect(told.map(({ event, properties }) => [event, properties['telemetry_dropped']])).toEqual([
    ['cdp_connect', undefined],
    ['cdp_disconnect', dropped],
  ])
})
