/** Consent at this moment, read afresh: the table of decide-consent.ts with what the disk and the environment say now. */
import { type Consent, decideByDisk, decideByVariables } from '../consent/decide-consent.ts'
import { type ConsentPaths, readStoredConsent } from '../consent/consent-file.ts'
import { fallbackDirectories } from '../platform/own-directory.ts'
import { isTerminal } from '../platform/terminal.ts'
import { consentPaths } from '../spool/spool-layout.ts'
import type { TrackerSettings } from './tracker-options.ts'

/** Every place the app may have kept a choice in: its directory and the stand-ins for unwritable homes. */
function consentLayouts(settings: Pick<TrackerSettings, 'app' | 'directory'>): readonly ConsentPaths[] {
  const standIns = fallbackDirectories(settings.app, process.env)
  return (settings.directory === null ? standIns : [settings.directory, ...standIns]).map(consentPaths)
}

/** @rare */
export function consentFiles(settings: Pick<TrackerSettings, 'app' | 'directory'>): readonly string[] {
  return consentLayouts(settings).map((layout) => layout.consent)
}

export function consentNow(settings: Pick<TrackerSettings, 'app' | 'directory' | 'ci' | 'notice'>): Consent {
  const notice = settings.notice !== null
  const environment = { variables: process.env, app: settings.app, ci: settings.ci, notice }
  const no = decideByVariables(environment)
  if (no !== null) return no
  const stored = readStoredConsent(consentLayouts(settings), notice)
  // Only a due notice asks for the terminal.
  const terminal = { stderrIsTty: notice && !stored.noticeShown && isTerminal(2) }
  return decideByDisk(environment, stored, terminal)
}

/** For a later look within the same command: has the user said no since? */
export function isStoredOff(settings: Pick<TrackerSettings, 'app' | 'directory'>): boolean {
  const { consent } = readStoredConsent(consentLayouts(settings), false)
  return consent === 'off' || consent === 'unreadable'
}
