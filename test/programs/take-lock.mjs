// argv: module, path, moment to start at (ms). Tries once to take the reporter's lock; prints what became of it.
const { takeReporterLock } = await import(process.argv[2])
const [path, at] = [process.argv[3], Number(process.argv[4])]
while (Date.now() < at);
console.log(takeReporterLock(path, String(process.pid), Date.now()).kind)
