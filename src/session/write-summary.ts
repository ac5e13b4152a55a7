import fs from 'node:fs'
import { writeByRename } from '../files/write-by-rename.ts'
import { ANOMALIES_FILE, SUMMARY_FILE } from './session-layout.ts'
import type { SessionSummary } from './summary.ts'

/** `anomalies.jsonl` if there are any, and then `summary.json`: once that is there, it is what counts. Throws errno errors. */
export function writeSummary(path: string, summary: SessionSummary, anomalies: readonly object[]): void {
  const file = `${path}/${ANOMALIES_FILE}`
  if (anomalies.length > 0) writeByRename(file, anomalies.map((each) => `${JSON.stringify(each)}\n`).join(''))
  else fs.rmSync(file, { force: true }) // of a tracer that was killed between the two
  writeByRename(`${path}/${SUMMARY_FILE}`, `${JSON.stringify(summary)}\n`)
}
