/**
 * The reporter process. Started by launch.ts, detached, with a task in one environment variable; lives at most 10 s. It must never
 * start a process, read user configuration, load a user's module or write to a standard stream. If it dies, whatever was not
 * acknowledged waits in `pending/`, and the next one sends it.
 *
 * This file is the box and nothing else; what works inside is dist/reporter/perform.cjs.
 *
 * Race R51: an upgrade of the package takes that file away, or puts another version's there, between the two reads. Then this reporter
 * ends with 1, having sent nothing; the next one's files fit together.
 */
import { deadline, task } from './arm.ts' // first: the box stands before anything else is evaluated
import { packageFile } from '../platform/package-files.ts'
import { spoolLayout } from '../spool/spool-layout.ts'
import { loadCompiled } from './compiled-code.ts'
import type * as inside from './perform.ts'

const job = task !== null && 'consentFiles' in task ? task : null

process.exitCode = 1 // nothing is printed, whatever happens: what was not acknowledged waits
try {
  const file = packageFile(import.meta.url, 'reporter/perform.cjs')
  const { exports, keep } = loadCompiled<typeof inside>(file, job === null ? null : spoolLayout(job.directory).compiled)
  if (job !== null) {
    exports.perform(job, deadline).then(
      (code) => {
        process.exitCode = code
        if (code === 0 && job.role === 'report') keep()
      },
      () => undefined,
    )
  } else if (typeof exports.perform === 'function') process.exitCode = 0 // `status --deep` asks whether we could work
} catch {
  // R51
}
