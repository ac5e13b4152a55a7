/**
 * A pattern with Unicode's classes (`\p{L}`), made on first use. V8 checks every literal when it loads a file, also those in
 * functions that never run, and each class costs it up to half a millisecond (docs/reporter.md, What it costs).
 */
export function lazyPattern(source: string, flags: string): () => RegExp {
  let made: RegExp | undefined
  return () => (made ??= new RegExp(source, flags))
}
