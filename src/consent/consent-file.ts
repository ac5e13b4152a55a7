/** The user's stored choice: `{"tracking":"on"}` or `{"tracking":"off"}` in telemetry/consent.json, and the notice's marker. */
import { fs } from '../files/fs.ts'
import { readSmallFile } from '../files/read-small-file.ts'
import type { StoredConsent } from './decide-consent.ts'

export type Tracking = 'on' | 'off'

export interface ConsentPaths {
  readonly consent: string
  readonly noticeShown: string
}

/**
 * Reads the choice from every directory the app may have used (its own and the fallback for unwritable homes). A no in one of
 * them is a no, and so is what cannot be read. Never throws. Without `noticeAsked` no marker is looked for.
 */
export function readStoredConsent(layouts: readonly ConsentPaths[], noticeAsked: boolean): StoredConsent {
  let consent: StoredConsent['consent'] = 'none'
  for (const layout of layouts) {
    const found = readOne(layout.consent)
    if (RANKS.indexOf(found) > RANKS.indexOf(consent)) consent = found
  }
  return { consent, noticeShown: noticeAsked && layouts.some((layout) => isThere(layout.noticeShown)) }
}

const RANKS: readonly StoredConsent['consent'][] = ['none', 'on', 'unreadable', 'off']

export function encodeConsent(tracking: Tracking): string {
  return `${JSON.stringify({ tracking })}\n`
}

/**
 * Other keys are a newer version's and are passed over; another value of `tracking` is not understood.
 * @rare
 */
export function parseConsent(text: string): Tracking | 'unreadable' {
  try {
    const { tracking } = JSON.parse(text) as { tracking?: unknown }
    return tracking === 'on' || tracking === 'off' ? tracking : 'unreadable'
  } catch {
    return 'unreadable'
  }
}

function readOne(path: string): StoredConsent['consent'] {
  const file = readSmallFile(path)
  if (file.kind === 'absent') return 'none'
  return file.kind === 'text' ? parseConsent(file.text) : 'unreadable'
}

/**
 * What cannot be looked at counts as not shown: then it stays due, and nothing is sent.
 * @rare
 */
function isThere(path: string): boolean {
  try {
    return fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}
