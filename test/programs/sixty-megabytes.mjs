// Holds 60 MB that are really there, for a moment.
const held = Buffer.alloc(60 * 1024 * 1024, 1)
setTimeout(() => process.stdout.write(`${held.length}\n`), Number(process.argv[2] ?? 100))
