/** Imported first by main.ts: reads the task and arms the box, before anything else of the bundle is evaluated. */
import { BOX_VARIABLE } from '../platform/box-variable.ts'
import { armDeadline, type Deadline } from './deadline.ts'
import { REPORTER_LIMITS } from './limits.ts'
import { parseTask, type ReporterTask, ROLE_VARIABLE } from './reporter-task.ts'

/** Null when somebody runs the file by hand. */
export const task: ReporterTask | null = parseTask(process.env[ROLE_VARIABLE])

export const deadline: Deadline = armDeadline(
  boxMs(task),
  process.env[BOX_VARIABLE] === 'outside' ? 'outside' : 'inside',
)

function boxMs(given: ReporterTask | null): number {
  switch (given?.role) {
    case 'alias':
    case 'look-up':
      return given.boxMs
    case 'inline':
      return REPORTER_LIMITS.inlineMs
    case 'report':
    case undefined:
      return REPORTER_LIMITS.exitMs
  }
}
