/**
 * The names that nearly every command has, told from secrets without the patterns of looks-secret.ts: those are 1.8 kB, and their
 * first use costs 0.7 ms. Only says yes where `looksSecret` says no (test/events/plain-name.test.ts compares them); what is not
 * plain is looked at properly.
 */

/** A pattern: how the known tokens begin that could be made of small letters alone. In words: V8 checks each literal of a file that it reads. */
const TOKEN = '(?:gh[pousr]|pat|gl[a-z]+|[rsp]k|xox.|xapp|ph[cxs]|npm|hf|shp..|pypi|v1)[-_]|hvs[.]'

/** Small letters in pronounceable words, with `. : - _` between them; or anything short. Pure, linear. */
export function isPlainName(name: string): boolean {
  if (name.length < 8) return true
  const isLong = name.length >= 20
  let letters = 0
  let vowels = 0
  let consonants = 0
  let digits = 0
  let dashes = 0
  let hasJoint = false
  for (const character of `${name}.`) {
    if (character >= 'a' && character <= 'z') {
      const isVowel = 'aeiouy'.includes(character)
      letters += 1
      vowels += isVowel ? 1 : 0
      consonants = isVowel ? 0 : consonants + 1
      if (letters > 15 || (isLong && consonants > 4)) return false
    } else if ('.:-_'.includes(character)) {
      hasJoint ||= character === '-' || character === '_'
      if (character === '-' && ++dashes > 3) return false // may be a UUID
      if (isLong && letters > 8 && vowels * 4 < letters) return false
      letters = vowels = consonants = 0
    } else if (character < '0' || character > '9' || name.length > 15 || ++digits > 1) return false
  }
  return !(hasJoint || name.includes('hvs.')) || !new RegExp(TOKEN).test(name)
}
