/** The synchronous alias of a login: blocks, and is truly bounded, because another process does it (docs/evidence.md). */
import { boundedSpawnSync } from '../platform/bounded-spawn.ts'
import { spawnRequest } from '../reporter/launch.ts'
import { reporterFile } from './child-files.ts'
import { consentFiles } from './consent-now.ts'
import { type HandOver, maySpawn } from './hand-over.ts'

/** A Node start and one request take about this long. */
const WORTH_TRYING_MS = 150

/** At most `leftMs`. Not acknowledged: the alias waits in `pending/`, and the reporter sends it first. */
export function sendAliasNow(to: HandOver, uuid: string, leftMs: number): void {
  if (!maySpawn(to) || leftMs < WORTH_TRYING_MS) return
  const { app, destination } = to.settings
  const place = { app, directory: to.layout.directory, destination, consentFiles: consentFiles(to.settings) }
  boundedSpawnSync(spawnRequest(reporterFile(), { role: 'alias', ...place, uuid, boxMs: leftMs }), leftMs)
}
