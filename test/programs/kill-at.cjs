// Preloaded: SIGKILLs its process right after the KILL_AT-th change of a file under ~/.acme; with KILL_FROM counted from the first
// change of a file that is named so. With 0: appends each change to ~/changes.
const fs = require('node:fs')
const at = Number(process.env.KILL_AT)
const root = `${process.env.HOME}/.acme`
const { appendFileSync } = fs
const from = process.env.KILL_FROM ?? ''
let done = 0
for (const name of 'writeFileSync openSync writeSync renameSync linkSync unlinkSync rmSync mkdirSync rmdirSync'.split(
  ' ',
)) {
  const change = fs[name]
  fs[name] = (path, ...rest) => {
    const value = change.call(fs, path, ...rest)
    if (name !== 'writeSync' && !String(path).startsWith(root)) return value
    if (done === 0 && !String(path).includes(from)) return value
    done += 1
    if (at === 0) appendFileSync(`${process.env.HOME}/changes`, `${name} ${path}\n`)
    if (done === at) process.kill(process.pid, 'SIGKILL')
    return value
  }
}
