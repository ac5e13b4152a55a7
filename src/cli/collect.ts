/** `afterword collect`: the collector, until Ctrl-C; a line for each event as it comes. */
import { CollectorError, type CollectedEvent, startCollector } from '../collector/collector.ts'
import { inColumns, printable, shortId } from './columns.ts'
import { clockTime, counted } from './in-words.ts'
import { interrupted } from './interrupted.ts'
import type { Paint, Screens } from './screen.ts'
import { commandNameOf } from './waiting.ts'

export interface CollectOptions {
  readonly listen: string
  /** Undefined: in memory. */
  readonly database: string | undefined
  readonly json: boolean
}

export async function collect({ listen, database, json }: CollectOptions, { out, err }: Screens): Promise<number> {
  let received = 0
  const onEvents = (events: readonly CollectedEvent[]): void => {
    received += events.length
    for (const event of events) out.write(json ? eventLine(event) : eventRow(event, out.paint))
  }
  try {
    const collector = await startCollector({ listen, onEvents, ...(database === undefined ? {} : { database }) })
    const kept = database === undefined ? 'in memory; --database FILE keeps them' : `in ${database}`
    err.write(
      `Collecting on ${collector.url}, Ctrl-C to stop. Events are kept ${printable(kept)} (${collector.driver}).\n`,
    )
    await interrupted()
    await collector.stop()
    err.write(`${err.isTty ? '\n' : ''}${counted(received, 'event')} received.\n`)
    return 0
  } catch (error) {
    if (!(error instanceof CollectorError) && !(error instanceof TypeError)) throw error
    err.write(`afterword collect: ${complaint(error, listen)}\n`)
    return error instanceof TypeError ? 2 : 1
  }
}

function complaint(error: CollectorError | TypeError, listen: string): string {
  if (error instanceof TypeError) return `--listen is '${printable(listen)}', wants HOST:PORT, such as 127.0.0.1:8484`
  switch (error.code) {
    case 'remote-address-refused':
      return `${listen} can be reached by others, and there is no authentication: it wants an address such as 127.0.0.1:8484`
    case 'address-unavailable':
      return `${error.message.split(';')[0]}. --listen HOST:PORT takes another, port 0 any free one`
    case 'database-unusable':
    case 'no-sqlite-driver':
      return printable(error.message)
  }
}

function eventRow({ receivedAtMs, event, distinctId, properties }: CollectedEvent, paint: Paint): string {
  const command = commandNameOf(properties)
  const alias = event === '$create_alias' ? `${shortId(String(properties['alias']))} is ${shortId(distinctId)}` : ''
  const time = clockTime(new Date(receivedAtMs).toISOString(), receivedAtMs)
  const row = [time.padEnd(8), event.padEnd(23), (command || alias).padEnd(20), shortId(distinctId)]
  return inColumns([[['dim', row[0] ?? ''], ...row.slice(1)]], paint)
}

/** As `GET /api/events` names them. */
function eventLine({ uuid, event, distinctId, timestampMs, receivedAtMs, properties }: CollectedEvent): string {
  const timestamp = new Date(timestampMs).toISOString()
  const received_at = new Date(receivedAtMs).toISOString()
  return `${JSON.stringify({ uuid, event, distinct_id: distinctId, timestamp, received_at, properties })}\n`
}
