// Stands in for signal-exit when proper-lockfile and write-file-atomic are bundled into somebody else's process: their exit
// hooks would patch process.emit and listen to every signal of the host. What the hooks would have cleaned up is cleaned up
// anyway: lock and temp file live within one synchronous turn, and a SIGKILL runs no hook.
const nothing = () => () => {}
module.exports = nothing
module.exports.onExit = nothing
