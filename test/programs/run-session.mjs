// Runs one session out of the built package: options as JSON in, what became of it as JSON out. A second argument limits descriptors.
import { execFileSync } from 'node:child_process'
import { runSession } from '../../dist/session/run-session.js'

const [, , options, descriptors] = process.argv
if (descriptors) execFileSync('prlimit', [`--nofile=${descriptors}`, '--pid', String(process.pid)])
const { procSnapshots, ...result } = await runSession(JSON.parse(options))
process.send?.({ ...result, comms: procSnapshots?.map(({ comm }) => comm) ?? null })
process.disconnect?.()
