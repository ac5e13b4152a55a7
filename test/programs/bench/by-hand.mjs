// The floor of recording: what the promises want of the file system, call for call, and no code of afterword's. With SCRIPT also the floor of
// launching: a detached Node that runs it.
import 'empty-package'

const fs = process.getBuiltinModule('node:fs')
const home = `${process.env.HOME}/.acme`
const telemetry = `${home}/telemetry`
const look = (path) => fs.lstatSync(path, { throwIfNoEntry: false })
const read = (path) => fs.readFileSync(path, 'utf8')
const consent = () => [look(`${telemetry}/consent.json`), look(`${home}-0/telemetry/consent.json`)]
function write(path, text, flag) {
  const file = fs.openSync(path, flag, 0o600)
  fs.writeSync(file, text)
  fs.closeSync(file)
}

consent()
look(home)
look(telemetry)
const usage = read(`${home}/usage.json`)
const record = `${telemetry}/in-flight/${process.pid}.json`
const who = [read('/proc/self/stat'), read('/proc/sys/kernel/random/boot_id'), fs.readlinkSync('/proc/self/ns/pid')]
write(record, `${JSON.stringify({ state: 'begun', usage, who })}\n`, 'wx')
consent()
await (async () => {})()
look(record)
write(record, `${JSON.stringify({ event: 'toolkit.run', usage })}\n`, fs.constants.O_WRONLY | fs.constants.O_APPEND)
const waiting = `${telemetry}/pending/${process.pid}.json`
fs.renameSync(record, waiting)
consent()
look(`${telemetry}/reporter.lock`)
if (process.env.SCRIPT !== undefined) {
  const { spawn } = process.getBuiltinModule('node:child_process')
  const script = new URL(process.env.SCRIPT, import.meta.url).pathname
  spawn(process.execPath, ['--v8-pool-size=0', script, waiting], { detached: true, stdio: 'ignore', cwd: '/' }).unref()
}
globalThis.afterCommand?.()
