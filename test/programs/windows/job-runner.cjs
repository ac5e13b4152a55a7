// Runs a CLI inside job objects (outermost first), closes them when it has ended, and says what became of its reporter.
// argv: JSON { jobs: limit flags of each, argv: the CLI's, folder }; without a folder nobody looks after a reporter. Windows only, through koffi; needs no compiler.
const fs = require('node:fs')
const k = require('koffi').load('kernel32.dll')
const { jobs: limits, argv, folder } = JSON.parse(process.argv[2])
const call = (name, ...types) => k.func(name, 'int64_t', types)
const handle = 'int64_t'
const createJob = call('CreateJobObjectW', 'void *', 'void *')
const setInformation = call('SetInformationJobObject', handle, 'int32_t', 'void *', 'uint32_t')
const assign = call('AssignProcessToJobObject', handle, handle)
const createProcess = call(
  'CreateProcessW',
  ...'pppp'.split('').map(() => 'void *'),
  'int32_t',
  'uint32_t',
  ...'pppp'.split('').map(() => 'void *'),
)
const resume = call('ResumeThread', handle)
const wait = call('WaitForSingleObject', handle, 'uint32_t')
const close = call('CloseHandle', handle)

const EXTENDED_LIMITS = 9
const CREATE_SUSPENDED = 4
const KILL_ON_JOB_CLOSE = 0x2000

function startSuspended(args) {
  const startup = Buffer.alloc(104)
  startup.writeUInt32LE(104)
  const made = Buffer.alloc(24)
  const line = Buffer.from(`${args.map((arg) => `"${arg}"`).join(' ')}\0`, 'utf16le')
  if (Number(createProcess(null, line, null, null, 0, CREATE_SUSPENDED, null, null, startup, made)) === 0)
    throw new Error('not created')
  return { process: made.readBigInt64LE(0), thread: made.readBigInt64LE(8), pid: made.readUInt32LE(16) }
}
const isAlive = (pid) => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
function until(look) {
  for (
    const end = Date.now() + 20_000;
    Date.now() < end;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10)
  )
    if (look()) return
  throw new Error(`in vain: ${look}`)
}

const jobs = limits.map((flags) => {
  const job = createJob(null, null)
  const information = Buffer.alloc(144)
  information.writeUInt32LE(flags, 16)
  if (Number(setInformation(job, EXTENDED_LIMITS, information, 144)) === 0) throw new Error('limits refused')
  return job
})
const cli = startSuspended(argv)
// Never resumed: when it is gone, the jobs have killed all that they kill.
const canary = limits.some((flags) => flags & KILL_ON_JOB_CLOSE) ? startSuspended([process.execPath, '-e', '0']) : null
for (const job of jobs)
  for (const member of canary === null ? [cli] : [cli, canary])
    if (Number(assign(job, member.process)) === 0) throw new Error('not assigned')
resume(cli.thread)
until(() => Number(wait(cli.process, 0)) === 0)
if (folder === undefined) process.exit() // and the jobs close
const { outcome } = JSON.parse(fs.readFileSync(`${folder}/cli.json`, 'utf8'))
until(() => fs.existsSync(`${folder}/reporter.pid`))
const pid = Number(fs.readFileSync(`${folder}/reporter.pid`, 'utf8'))
for (const job of jobs.toReversed()) close(job)
if (canary !== null) until(() => !isAlive(canary.pid))
fs.writeFileSync(`${folder}/go`, '')
until(() => fs.existsSync(`${folder}/reporter.lives`) || !isAlive(pid))
const end = fs.existsSync(`${folder}/reporter.lives`) ? 'survives' : 'killed'
fs.writeFileSync(`${folder}/result.json`, JSON.stringify({ outcome, end }))
