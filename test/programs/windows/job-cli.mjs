// A CLI that starts a detached reporter. argv: dist folder URL, folder, `spawn` (Node's alone) or `outside-job` (ours).
import { writeFileSync } from 'node:fs'

const [dist, folder, how] = process.argv.slice(2)
const { detachedSpawn } = await import(`${dist}/platform/detached-spawn.js`)
const { startOutsideJob } = await import(`${dist}/platform/windows-job.js`)
const script = new URL('job-reporter.cjs', import.meta.url)
const request = {
  script: process.getBuiltinModule('node:url').fileURLToPath(script),
  args: [folder, 'a b', '"q"\\'],
  variables: { ROLE: 'ü' },
  boxSeconds: 10,
}
const outcome = detachedSpawn(request, how === 'spawn' ? null : startOutsideJob)
writeFileSync(`${folder}/cli.json.tmp`, JSON.stringify({ outcome }))
process.getBuiltinModule('node:fs').renameSync(`${folder}/cli.json.tmp`, `${folder}/cli.json`)
