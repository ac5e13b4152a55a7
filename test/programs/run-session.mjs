// Runs one session out of the built package: options as JSON in, what became of it as JSON out: in a message, or `--to FILE`. A number
// limits descriptors.
import { execFileSync } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
import { runSession } from '../../dist/session/run-session.js'

const [, , options, more, file] = process.argv
if (more && more !== '--to') execFileSync('prlimit', [`--nofile=${more}`, '--pid', String(process.pid)])
const { procSnapshots, ...result } = await runSession(JSON.parse(options))
const told = { ...result, comms: procSnapshots?.map(({ comm }) => comm) ?? null }
process.send?.(told)
process.disconnect?.()
if (file) {
  writeFileSync(`${file}.tmp`, JSON.stringify(told))
  renameSync(`${file}.tmp`, file)
}
