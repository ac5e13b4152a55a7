/**
 * The look-up child: `GET url` with the bearer credential, the answer's body to stdout if it is a 200. Started by look-up.ts with
 * pipes; killed by it, and by its own box when that parent is gone. Url and credential come on stdin, so that `ps` shows neither.
 * If it dies, nobody was named, and the look-up is due again.
 */
import { fs } from '../files/fs.ts'
import { deadline, task } from './arm.ts'
import { beModest } from './be-modest.ts'
import { bearerGet } from './bearer-get.ts'

if (task?.role === 'look-up') {
  beModest(false)
  try {
    const { url, credential } = JSON.parse(fs.readFileSync(0, 'utf8')) as { url: string; credential: string }
    void bearerGet(url, credential, deadline.leftMs()).then((body) => {
      if (body !== null) fs.writeSync(1, body)
      // Not process.exit: it would wait for a dead name look-up, and the box's timer could not turn any more.
      process.exitCode = body === null ? 1 : 0
    })
  } catch {
    process.exitCode = 1 // no url, no JSON: the parent reads an empty answer
  }
}
