// Stands in for the reporter: says that it has started, and how; lives on until it is told to say that it lives.
const fs = require('node:fs')
const folder = process.argv[2]
const { argv, env } = process
fs.writeFileSync(
  `${folder}/reporter.json`,
  JSON.stringify({ args: argv.slice(3), role: env.ROLE, names: Object.keys(env), cwd: process.cwd() }),
)
fs.writeFileSync(`${folder}/reporter.tmp`, String(process.pid))
fs.renameSync(`${folder}/reporter.tmp`, `${folder}/reporter.pid`)
const end = setTimeout(() => process.exit(), 20_000)
const look = setInterval(() => {
  if (!fs.existsSync(`${folder}/go`)) return
  fs.writeFileSync(`${folder}/reporter.lives`, '')
  clearInterval(look)
  clearTimeout(end)
}, 20)
