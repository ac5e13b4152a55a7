/** A session on the terminal and in Markdown. Pure. */
import type { AnomalyRow } from '../session/read-trace.ts'
import type { SessionSummary } from '../session/summary.ts'
import type { ProcSnapshot } from '../tracer/proc-snapshot.ts'
import { inColumns, inPairs, printable } from './columns.ts'
import type { Paint } from './screen.ts'
import { curve, marks } from './session-curve.ts'

export interface StoredSession {
  readonly summary: SessionSummary
  readonly snapshots: readonly ProcSnapshot[]
  readonly anomalies: readonly AnomalyRow[]
}

const LAST_SNAPSHOTS = 10

export function sessionOnScreen(session: StoredSession, width: number, paint: Paint): string {
  const { snapshots, anomalies } = session
  const head = inPairs(
    diagnostics(session.summary).map(([name, value]) => [name.toLowerCase(), value] as const),
    paint,
  )
  const where = anomalies.flatMap(({ seq }) => snapshots.findIndex((row) => row.seq === seq)).filter((at) => at >= 0)
  const room = Math.max(20, width - 2)
  const curves = [
    ['memory', 'KiB', snapshots.map((row) => row.vm_rss_kb)],
    ['cpu', '% of a core', snapshots.map((row) => row.cpu_percent)],
  ] as const
  const drawn = curves.map(([name, unit, values]) => {
    const peak = Math.max(0, ...values.map((value) => value ?? 0))
    const below = where.length === 0 ? '' : `${paint('red', marks(where, values.length, room))}\n`
    return `\n${name}, at most ${Math.round(peak)} ${unit}\n${paint('cyan', curve(values, room))}\n${below}`
  })
  const list = anomalies.map(({ severity, kind, detail }) => [severity, kind, detail].map(String))
  return [head, ...(snapshots.length === 0 ? [] : drawn), list.length === 0 ? '' : `\n${inColumns(list, paint)}`].join(
    '',
  )
}

/** For pasting into a bug report: no command line, no path. */
export function sessionInMarkdown({ summary, snapshots, anomalies }: StoredSession): string {
  const table = diagnostics(summary).map(([name, value]) => `| ${name} | ${cell(value)} |`)
  const folded = anomalies.map(
    ({ kind, severity, detail }) => `| ${cell(kind)} | ${cell(severity)} | ${cell(detail)} |`,
  )
  const last = snapshots.slice(-LAST_SNAPSHOTS).map((row) => JSON.stringify(row))
  return [
    '## Session diagnostics',
    '',
    '| | |',
    '|---|---|',
    ...table,
    '',
    '<details>',
    `<summary>Anomalies (${anomalies.length})</summary>`,
    '',
    '| kind | severity | detail |',
    '|---|---|---|',
    ...folded,
    '',
    '</details>',
    '',
    '<details>',
    `<summary>Last ${last.length} snapshots</summary>`,
    '',
    '```json',
    ...last,
    '```',
    '',
    '</details>',
    '',
  ].join('\n')
}

function diagnostics(summary: SessionSummary): readonly (readonly [name: string, value: string])[] {
  return [
    ['Session ID', summary.session_id],
    ['Started', summary.start_ts],
    ['Duration', `${summary.duration_seconds.toFixed(2)} s`],
    ['Peak RSS', summary.peak_rss_kb === null ? 'unknown' : `${summary.peak_rss_kb} KiB`],
    ['Peak OOM score', String(summary.peak_oom_score ?? 'unknown')],
    ['Anomaly count', String(summary.anomaly_count)],
    ['Termination', summary.termination_reason + (summary.recovered ? ' (recovered)' : '')],
    ['Exit code', `${summary.exit_code ?? 'unknown'}${summary.signal === null ? '' : ` (${summary.signal})`}`],
    [
      'Tracked process',
      (summary.tracked_comm ?? 'unknown') + (summary.tracked_comm_drift ? ' (its name changed)' : ''),
    ],
    ['Trace', summary.trace_status],
  ]
}

/** Nothing that ends a cell, or begins a tag. */
function cell(value: unknown): string {
  return printable(String(value)).replace(/[|<>`\\]/g, (character) => `\\${character}`)
}
