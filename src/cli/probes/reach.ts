/** Goes to the servers in a child of its own, which is dead when its time is up, and collects what it said until then. */
import { packageFile } from '../../platform/package-files.ts'
import { killableSpawn } from '../../platform/bounded-spawn.ts'
import { REACH_LIMITS, type Step } from './reach-step.ts'

/** In the order they were taken. Nothing if there is no host, or no process can be started. */
export async function reach(hosts: readonly string[]): Promise<readonly Step[]> {
  if (hosts.length === 0) return []
  const child = killableSpawn({
    script: packageFile(import.meta.url, 'cli/probes/reach-main.js'),
    args: [],
    variables: {},
    boxSeconds: REACH_LIMITS.killMs / 1000,
  })
  if (child === null) return []
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  child.stdin?.end(JSON.stringify(hosts))
  const timer = setTimeout(() => child.kill('SIGKILL'), REACH_LIMITS.killMs)
  await new Promise((resolve) => child.on('close', resolve))
  clearTimeout(timer)
  return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as Step] : []))
}
