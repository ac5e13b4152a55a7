// Starts a CLI as npx does: a child of Node, not detached, waited for. argv: the CLI's.
const { spawn } = require('node:child_process')
spawn(process.argv[2], process.argv.slice(3), { stdio: 'ignore' }).on('exit', (code) => process.exit(code))
