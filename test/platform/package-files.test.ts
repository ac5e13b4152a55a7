import { describe, expect, it } from 'vitest'
import { packageFile } from '../../src/platform/package-files.ts'

describe('packageFile()', () => {
  it.each([
    ["the host's bundle", 'file:///app/node_modules/afterword/dist/index.js'],
    ["tsc's tree", 'file:///app/node_modules/afterword/dist/tracker/alias.js'],
    ['the sources under test', 'file:///app/node_modules/afterword/src/tracker/alias.ts'],
    ['a bundle beside nothing of ours', 'file:///app/node_modules/afterword/bundle.mjs'],
  ])('finds dist/ from %s', (_, url) => {
    expect(packageFile(url, 'reporter/main.cjs')).toBe('/app/node_modules/afterword/dist/reporter/main.cjs')
  })

  it.each([
    ['a dist/ further up', 'file:///home/me/dist/app/node_modules/afterword/dist/index.js'],
    ['a src/ further up', 'file:///home/me/src/dist/afterword/src/tracker/alias.ts'],
  ])('is not misled by %s', (_, url) => {
    expect(packageFile(url, 'x')).toBe(new URL(url.replace(/(.*)\/(?:dist|src)\/.*/, '$1/dist/x')).pathname)
  })

  it('decodes what a URL escapes', () => {
    expect(packageFile('file:///my%20app/%C3%A9/dist/index.js', 'x')).toBe('/my app/é/dist/x')
  })
})
