// Preloaded: the last line of stderr is the CPU of the whole process, in ms.
process.on('exit', () => {
  const { user, system } = process.cpuUsage()
  require('node:fs').writeSync(2, `${(user + system) / 1e3}\n`)
})
