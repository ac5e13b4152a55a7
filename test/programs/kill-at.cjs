// Preloaded: SIGKILLs its process right after the KILL_AT-th change of a file under ~/.acme. With 0: appends each change to ~/changes.
const fs = require('node:fs')
const at = Number(process.env.KILL_AT)
const root = `${process.env.HOME}/.acme`
const { appendFileSync } = fs
let done = 0
for (const name of 'writeFileSync openSync writeSync renameSync linkSync unlinkSync rmSync mkdirSync rmdirSync'.split(
  ' ',
)) {
  const change = fs[name]
  fs[name] = (path, ...rest) => {
    const value = change.call(fs, path, ...rest)
    if (name !== 'writeSync' && !String(path).startsWith(root)) return value
    done += 1
    if (at === 0) appendFileSync(`${process.env.HOME}/changes`, `${name} ${path}\n`)
    if (done === at) process.kill(process.pid, 'SIGKILL')
    return value
  }
}
