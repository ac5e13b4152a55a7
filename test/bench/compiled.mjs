/**
 * afterword as it would be if V8 had compiled it before: the same bundle in a `vm.Script`, and the file that it loads for a recorded command,
 * with V8's code cache. What no package can have in
 * somebody else's process, and so the floor of what reading and compiling costs a host.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pretendReporter } from './world.mjs'

/** Makes the package `afterword-compiled` in the world, what was compiled when its first recorded command had ended, and tracked-compiled.mjs. */
export function addCompiledPackage(world) {
  const dist = join(world.packages, 'afterword', 'dist')
  const folder = join(world.packages, 'afterword-compiled')
  const bundle = readFileSync(join(dist, 'index.js'), 'utf8')
  const end = bundle.lastIndexOf('export{')
  const body = bundle.slice(0, end).replaceAll('import.meta.url', JSON.stringify(`file://${dist}/index.js`))
  const exported = /^export\{(.*)\};?\s*$/.exec(bundle.slice(end))?.[1].split(',') ?? []
  const pairs = exported.map((each) => each.split(' as ')).map(([local, name = local]) => [name, local])
  if (!pairs.some(([name]) => name === 'CommandTracker'))
    throw new Error('compiling the bundle: found no export{…} in it')
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{"name":"afterword-compiled","type":"module","main":"index.js"}')
  writeFileSync(join(folder, 'body.js'), `(function(){${body};return{${pairs.map((pair) => pair.join(':')).join()}}})`)
  writeFileSync(join(folder, 'index.js'), loader(folder, pairs))
  const home = mkdtempSync(join(world.homes, 'compiles-'))
  pretendReporter(home)
  const env = { PATH: process.env.PATH, HOME: home, TMPDIR: home, ENDPOINT: 'http://127.0.0.1:9' }
  const script = join(world.folder, 'tracked-compiled.mjs')
  const tracked = readFileSync(join(world.folder, 'tracked.mjs'), 'utf8')
  writeFileSync(script, tracked.replace("from 'afterword'", "from 'afterword-compiled'"))
  for (const KEEP of ['1', '']) {
    const { status, stderr } = spawnSync(process.execPath, [script], { env: { ...env, KEEP }, encoding: 'utf8' })
    if (status !== 0 || stderr !== '') throw new Error(`compiling the bundle: ended with ${status}, wants 0: ${stderr}`)
  }
}

/** With KEEP it writes the caches when all is done; without, it complains of one that V8 refuses. */
function loader(folder, pairs) {
  return `const fs = process.getBuiltinModule('node:fs')
const vm = process.getBuiltinModule('node:vm')
const keeps = process.env.KEEP === '1'
const filename = ${JSON.stringify(join(folder, 'body.js'))}
const cache = filename + '.cache'
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename, cachedData: keeps ? undefined : fs.readFileSync(cache) })
if (keeps) process.on('exit', () => fs.writeFileSync(cache, script.createCachedData()))
else if (script.cachedDataRejected) console.error('V8 refused what it had compiled')
const { compileFunction } = vm
vm.compileFunction = (code, params, { filename }) => {
  const kept = filename + '.cache'
  const made = compileFunction(code, params, { filename, ...(keeps ? { produceCachedData: true } : { cachedData: fs.readFileSync(kept) }) })
  if (keeps) fs.writeFileSync(kept, made.cachedData)
  else if (made.cachedDataRejected) console.error('V8 refused what it had compiled')
  return made
}
export const { ${pairs.map(([name]) => name).join(', ')} } = script.runInThisContext()()
`
}
