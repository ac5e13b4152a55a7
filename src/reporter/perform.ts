/** What a reporter does inside its box: everything but the look-up, which is a child of its own. */
import { readStoredConsent } from '../consent/consent-file.ts'
import { scrubForSending } from '../events/scrub-for-sending.ts'
import { noDrops } from '../spool/bounds.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { beModest } from './be-modest.ts'
import type { Deadline } from './deadline.ts'
import { type DrainContext, drain } from './drain.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { startPostHogSender } from './posthog-sender.ts'
import type { ReporterTask } from './reporter-task.ts'
import { report, reportInline } from './report.ts'

export type Job = Extract<ReporterTask, { consentFiles: readonly string[] }>

/** The exit code: 0 done, 1 not, 2 stopped by consent. May reject. */
export async function perform(job: Job, deadline: Deadline): Promise<number> {
  beModest(job.role === 'report') // while a host waits for us, we are as urgent as it is
  const sender = startPostHogSender({ scrub: ({ event, properties }) => scrubForSending(event, properties).properties })
  const context: DrainContext = {
    layout: spoolLayout(job.directory),
    destination: job.destination,
    patient: job.role === 'report' && job.patient,
    remembers: job.role !== 'alias',
    sender,
    leftMs: () => deadline.leftMs(),
    leastLeftMs: job.role === 'report' ? REPORTER_LIMITS.exitMs - REPORTER_LIMITS.lastRequestStartMs : 100,
    allowed: () => isAllowed(job.consentFiles),
    tried: new Set(),
    routes: new Map(),
    drops: noDrops(),
    tally: { accepted: 0, rejected: 0, requests: 0 },
  }
  // Nothing is closed at the end: what is still open is idle and holds nothing, and taking it down costs more than a poll. The box
  // stays: a name look-up that nobody waits for any more still holds the process.
  switch (job.role) {
    case 'alias':
      await drain(context, job.uuid)
      return context.tally.accepted === 1 ? 0 : 1
    case 'inline':
      return reportInline(job, context)
    case 'report':
      return report(job, context)
  }
}

/** From a fresh read each time: the user may say no at any moment. */
function isAllowed(consentFiles: readonly string[]): boolean {
  const paths = consentFiles.map((consent) => ({ consent, noticeShown: '' }))
  const { consent } = readStoredConsent(paths, false)
  return consent === 'on' || consent === 'none'
}
