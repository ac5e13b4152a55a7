/** A reporter for one command's envelope, with what this process knows. */
import { IS_WINDOWS } from '../platform/windows-flags.ts'
import { type LaunchOutcome, launchReporter, type LaunchRequest } from '../reporter/launch.ts'
import type { HandOver } from './hand-over.ts'
import { loadRarePaths } from './load-parts.ts'

export function launchHere(
  to: HandOver,
  files: Pick<LaunchRequest, 'reporterFile' | 'consentFiles'>,
  token: string,
  nowMs: number,
): LaunchOutcome {
  return launchReporter({
    layout: to.layout,
    app: to.settings.app,
    destination: to.settings.destination,
    ...files,
    startInline: to.delivery === 'inline' ? startInline(to) : null,
    outsideJob: IS_WINDOWS ? (prepared) => loadRarePaths()?.startOutsideJob(prepared) ?? null : null,
    killSurvivor: (stale) => loadRarePaths()?.killSurvivor(stale),
    patient: true,
    token,
    nowMs,
  })
}

function startInline(to: HandOver): LaunchRequest['startInline'] {
  const rare = loadRarePaths()
  return rare === null ? null : (request) => rare.startInline(request, to.layout.noReap)
}
