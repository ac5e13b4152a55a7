/** `afterword proxy`: the CDP proxy, until Ctrl-C; a line for each session that begins or has ended. */
import type { EventSink, SinkEvent } from '../events/event-sink.ts'
import { uuid7 } from '../events/uuid7.ts'
import { startCdpProxy, type CdpProxyOptions } from '../proxy/cdp-proxy.ts'
import type { Destination } from '../reporter/reporter-task.ts'
import { listWaiting } from '../spool/bounds.ts'
import { inColumns, printable } from './columns.ts'
import { clockTime, counted, durationInWords } from './in-words.ts'
import { interrupted } from './interrupted.ts'
import { CHROMIUM_NAMES, type ChromiumEnd, findChromium, launchChromium } from './launch-chromium.ts'
import type { Place } from './place.ts'
import { openPlaceRecording } from './place-recording.ts'
import { proxyRecording } from './proxy-recording.ts'
import type { Paint, Screens } from './screen.ts'

export interface ProxyOptions {
  readonly upstream: string | undefined
  readonly chromiumLog: string | undefined
  readonly launch: boolean
  readonly listen: string
  readonly token: string | undefined
  readonly place: Place
  readonly destination: Partial<Destination>
  readonly json: boolean
}

export async function proxy(options: ProxyOptions, { out, err }: Screens): Promise<number> {
  const say = (text: string): void => err.write(`afterword proxy: ${printable(text)}\n`)
  const executable = options.launch ? findChromium(process.env['PATH'] ?? '') : null
  if (options.launch && executable === null) {
    say(
      `there is no Chromium on PATH to launch (${CHROMIUM_NAMES.join(', ')}). Install one, or name one that runs: --upstream HOST:PORT`,
    )
    return 1
  }
  const recording = openPlaceRecording(options.place, options.destination)
  if (typeof recording === 'string') err.write(`${printable(recording)}.\n`)
  // What an earlier run left open is closed by a reporter; with nothing new to send nobody else would start one.
  else if (listWaiting(recording.layout.inFlight).length > 0) recording.launch(uuid7(Date.now()))
  const record: EventSink = typeof recording === 'string' ? () => undefined : proxyRecording(recording)
  let sessions = 0
  const sink: EventSink = (event) => {
    if (event.event === 'cdp_disconnect') sessions += 1
    out.write(options.json ? eventLine(event) : eventRow(event, out.paint))
    record(event)
  }
  // From here on there is something to be ended.
  const stopAsked = interrupted()
  const chromium = executable === null ? null : launchChromium(executable, (end) => say(endInWords(end)))
  try {
    const proxying = await startCdpProxy({
      ...sourceOf(options, chromium?.profile),
      listen: options.listen,
      token: options.token ?? null,
      sink,
      attribution: typeof recording === 'string' ? () => null : recording.attribution,
      complain: once((why) => say(`${options.chromiumLog}: ${why}`)),
    })
    err.write(`Proxy on ${proxying.url}, Ctrl-C to stop.\n`)
    await stopAsked
    await proxying.stop()
    err.write(`${err.isTty ? '\n' : ''}${counted(sessions, 'session')}.\n`)
    return 0
  } catch (error) {
    if (!(error instanceof Error)) throw error
    say(error.message)
    return error instanceof TypeError ? 2 : 1
  } finally {
    await chromium?.stop()
  }
}

function sourceOf({ upstream, chromiumLog }: ProxyOptions, profile: string | undefined): CdpProxyOptions {
  if (profile !== undefined) return { profile }
  if (chromiumLog !== undefined) return { chromiumLog }
  return upstream === undefined ? {} : { upstream }
}

function endInWords({ exitCode, signal }: ChromiumEnd): string {
  const how = signal !== null ? `of ${signal}` : exitCode !== null ? `with exit code ${exitCode}` : 'without saying how'
  return `Chromium ended ${how}; it is started again`
}

function eventRow({ event, timestamp, properties }: SinkEvent, paint: Paint): string {
  const { reason, how, duration_ms: duration, message_count: messages, target, client_agent: agent } = properties
  const what =
    event === 'cdp_connect'
      ? [textOf(target), printable(textOf(agent))]
      : [
          `${textOf(reason)} (${textOf(how)})`,
          `${durationInWords(Number(duration))}, ${counted(Number(messages), 'message')}`,
        ]
  const time = clockTime(timestamp, Date.now())
  return inColumns([[['dim', time.padEnd(8)], event.padEnd(14), ...what]], paint)
}

function eventLine({ event, uuid, timestamp, properties }: SinkEvent): string {
  return `${JSON.stringify({ event, uuid, timestamp, properties })}\n`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** A log that cannot be read is looked at ten times a second. */
function once(say: (why: string) => void): (why: string) => void {
  let last = ''
  return (why) => {
    if (why !== last) say(why)
    last = why
  }
}
