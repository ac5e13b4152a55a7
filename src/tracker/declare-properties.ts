/**
 * What a host calls to declare its properties, at every start: the look that most declarations pass. What is not plainly right goes to
 * events/host-properties.ts, which says what is wrong.
 */
import { isLetterOrDigit, isMadeOf } from '../events/characters.ts'
import type {
  BooleanType,
  IntegerType,
  OneOf,
  PropertyDefinitions,
  PropertyType,
  PropertyTypes,
} from '../events/host-properties.ts'
import { isPlainName } from '../events/plain-name.ts'
import { loadFullChecks } from './load-parts.ts'

/** A pattern: how afterword's own properties begin, and some others. In words: V8 checks each literal of a file that it reads. */
const MAYBE_RESERVED =
  '^(?:command_n|cli_v|runtime_|os_|device_|duration|exit_c|is_ci|is_tty|delivery|propert|outcome|signal|error_|dropped|distinct|alias|token)'

/**
 * Declares a host's properties. TypeError for a name or type that cannot be one.
 * @rare
 */
export function defineProperties<const T extends PropertyTypes>(types: T): PropertyDefinitions<T> {
  const isPlain =
    typeof types === 'object' &&
    types !== null &&
    Object.entries(types).every(([name, type]) => isPlainPropertyName(name) && isPlainType(type))
  const full = isPlain ? null : loadFullChecks()
  return full === null ? Object.freeze({ types: Object.freeze({ ...types }) }) : full.defineProperties(types)
}

/**
 * One of these strings: the host's constants, at least one, each 1 to 64 of `A-Z a-z 0-9 _ . : / -`. TypeError otherwise.
 * @rare
 */
export function oneOf<const V extends string>(...values: readonly [V, ...V[]]): OneOf<V> {
  const full = areHostStrings(values) ? null : loadFullChecks()
  return full === null ? Object.freeze({ kind: 'one-of', values: Object.freeze([...values]) }) : full.oneOf(...values)
}

/**
 * A safe integer.
 * @rare
 */
export function integer(): IntegerType {
  return { kind: 'integer' }
}

/** @rare */
export function boolean(): BooleanType {
  return { kind: 'boolean' }
}

/** @rare */
function isPlainPropertyName(name: string): boolean {
  const first = name.charAt(0)
  return (
    isMadeOf(name, '_', 40) &&
    isLetterOrDigit(first) &&
    first > '9' &&
    name === name.toLowerCase() &&
    !new RegExp(MAYBE_RESERVED).test(name)
  )
}

/** @rare */
function isPlainType(type: PropertyType | null | undefined): boolean {
  return type?.kind === 'one-of'
    ? Array.isArray(type.values) && areHostStrings(type.values)
    : type?.kind === 'integer' || type?.kind === 'boolean'
}

/** @rare */
function areHostStrings(values: readonly unknown[]): boolean {
  return (
    values.length > 0 &&
    values.every((value) => typeof value === 'string' && isMadeOf(value, '_.:/-', 64) && isPlainName(value))
  )
}
