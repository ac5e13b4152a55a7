/** `afterword sessions list | show ID | recover`: what was traced, from the directories of the sessions. */
import { consentMark } from '../consent/consent-mark.ts'
import { readAnomalies, readTrace } from '../session/read-trace.ts'
import { recoverSessions } from '../session/recovery.ts'
import type { RecoveryVerdict } from '../session/recovery-gates.ts'
import { ANOMALIES_FILE, type SessionsLayout, sessionsLayout, TRACE_FILE } from '../session/session-layout.ts'
import { readSessions } from '../session/sessions-index.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { spoolSink } from '../spool/spool-sink.ts'
import { consentFiles, consentNow } from '../tracker/consent-now.ts'
import { type Cell, inColumns, printable } from './columns.ts'
import { clockTime, counted } from './in-words.ts'
import { directoriesOf, type Place } from './place.ts'
import { recoveryInWords } from './recovery-words.ts'
import type { Screens } from './screen.ts'
import { sessionInMarkdown, sessionOnScreen } from './session-words.ts'

export interface SessionsOptions {
  readonly action: 'list' | 'show' | 'recover'
  readonly id: string | undefined
  readonly json: boolean
  readonly markdown: boolean
}

export async function sessions(place: Place, options: SessionsOptions, screens: Screens): Promise<number> {
  switch (options.action) {
    case 'list':
      return list(place, options.json, screens)
    case 'show':
      return show(place, options, screens)
    case 'recover':
      return recover(place, options.json, screens)
  }
}

function list(place: Place, json: boolean, { out, err }: Screens): number {
  const found = layoutsOf(place).flatMap((layout) => readSessions(layout))
  if (json) out.write(found.map((summary) => `${JSON.stringify(summary)}\n`).join(''))
  else if (found.length === 0) err.write(`No session of ${place.app} has ended yet.\n`)
  else {
    const head = ['STARTED', 'SESSION', 'PROCESS', 'SECONDS', 'ENDED BY', 'CODE', 'ANOMALIES'].map(
      (name): Cell => ['dim', name],
    )
    const rows = found.map((each): Cell[] => [
      clockTime(each.start_ts, Date.now()),
      each.session_id,
      each.tracked_comm ?? '-',
      each.duration_seconds.toFixed(2),
      each.termination_reason,
      String(each.exit_code ?? '-'),
      String(each.anomaly_count),
    ])
    out.write(inColumns([head, ...rows], out.paint))
  }
  return 0
}

function show(place: Place, { id = '', json, markdown }: SessionsOptions, { out, err }: Screens): number {
  for (const layout of layoutsOf(place)) {
    const found = readSessions(layout).filter(({ session_id }) => id !== '' && session_id.startsWith(id))
    const [summary] = found
    if (summary === undefined) continue
    if (found.length > 1) {
      err.write(
        `afterword sessions show: ${counted(found.length, 'session')} begin with '${printable(id)}'. Give more of the id.\n`,
      )
      return 1
    }
    const path = `${layout.done}/${summary.session_id}`
    const { snapshots } = readTrace(`${path}/${TRACE_FILE}`)
    const session = { summary, snapshots, anomalies: readAnomalies(`${path}/${ANOMALIES_FILE}`) }
    if (json) out.write(`${JSON.stringify(session)}\n`)
    else out.write(markdown ? sessionInMarkdown(session) : sessionOnScreen(session, out.columns, out.paint))
    return 0
  }
  err.write(`afterword sessions show: there is no session '${printable(id)}'. 'afterword sessions list' names them.\n`)
  return 1
}

/** Without the bounds of a reporter: somebody waits for it. What it finds is sent by the next reporter. 1 where something could not be written. */
async function recover(place: Place, json: boolean, { out }: Screens): Promise<number> {
  const total: { [verdict in RecoveryVerdict]?: number } = {}
  const files = consentFiles(place)
  for (const directory of directoriesOf(place)) {
    const sink = spoolSink({
      layout: spoolLayout(directory),
      allowed: () => consentNow(place).allowed,
      consentMark: () => consentMark(files),
    })
    const counts = await recoverSessions({ directory, sink, sessionsMax: 10_000, budgetMs: 60_000 })
    for (const [verdict, count] of Object.entries(counts) as [RecoveryVerdict, number][])
      total[verdict] = (total[verdict] ?? 0) + count
  }
  out.write(json ? `${JSON.stringify(total)}\n` : recoveryInWords(total, out.paint))
  return total.failed === undefined ? 0 : 1
}

function layoutsOf(place: Place): readonly SessionsLayout[] {
  return directoriesOf(place).map((directory) => sessionsLayout(spoolLayout(directory).sessions))
}
