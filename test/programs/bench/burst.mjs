// COUNT commands, WIDTH at a time: argv is the command's script.
import { spawn } from 'node:child_process'

const count = Number(process.env.COUNT)
let started = 0
const worker = async () => {
  while (started++ < count) {
    await new Promise((resolve) => spawn(process.execPath, [process.argv[2]], { stdio: 'ignore' }).on('exit', resolve))
  }
}
await Promise.all(Array.from({ length: Number(process.env.WIDTH) }, worker))
