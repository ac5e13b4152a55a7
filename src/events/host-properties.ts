/**
 * Properties of the host's own, by declared type only: one of a list the host wrote down, an integer, a boolean. There is no
 * constructor for free text, so what a user typed cannot get in by accident: it does not compile, and does not run.
 */
import { isReservedProperty } from './catalogue.ts'
import type { Properties } from './envelope.ts'
import { looksSecret } from './looks-secret.ts'

export interface OneOf<V extends string = string> {
  readonly kind: 'one-of'
  readonly values: readonly V[]
}
export interface IntegerType {
  readonly kind: 'integer'
}
export interface BooleanType {
  readonly kind: 'boolean'
}
export type PropertyType = OneOf | IntegerType | BooleanType
export type PropertyTypes = { readonly [name: string]: PropertyType }

/** What `defineProperties` made: checked, frozen, safe to look names up in. */
export interface PropertyDefinitions<T extends PropertyTypes = PropertyTypes> {
  readonly types: T
}

type ValueOf<T extends PropertyType> = T extends OneOf<infer V> ? V : T extends IntegerType ? number : boolean

/** What `command.add` takes. `undefined` is as good as absent. Nothing declared: nothing fits. */
export type HostValues<T extends PropertyTypes> = [keyof T] extends [never]
  ? { readonly [name: string]: never }
  : { readonly [P in keyof T]?: ValueOf<T[P]> | undefined }

export interface FilteredProperties {
  readonly properties: Properties
  /** How many were left out; the event says so in `properties_dropped`. */
  readonly dropped: number
}

const NAME = /^[a-z][a-z0-9_]{0,39}$/
const VALUE = /^[\w.:/-]{1,64}$/

/** Declares a host's properties. TypeError for a name or type that cannot be one. */
export function defineProperties<const T extends PropertyTypes>(types: T): PropertyDefinitions<T> {
  if (typeof types !== 'object' || types === null) {
    throw new TypeError(`defineProperties: got ${show(types)}, wants an object of oneOf(…), integer() and boolean()`)
  }
  for (const [name, type] of Object.entries(types)) {
    if (!isHostPropertyName(name)) {
      throw new TypeError(
        `defineProperties: got the name ${show(name)}, wants ${NAME.source} and none of afterword's own (docs/events.md)`,
      )
    }
    if (!isPropertyType(type)) {
      throw new TypeError(`defineProperties: got ${show(type)} for ${name}, wants oneOf(…), integer() or boolean()`)
    }
  }
  return Object.freeze({ types: Object.freeze({ ...types }) })
}

/** One of these strings: the host's constants, at least one, each 1 to 64 of `A-Z a-z 0-9 _ . : / -`. TypeError otherwise. */
export function oneOf<const V extends string>(...values: readonly [V, ...V[]]): OneOf<V> {
  if (values.length === 0) throw new TypeError('oneOf: got no value, wants at least one')
  for (const value of values) {
    if (!isHostString(value)) {
      throw new TypeError(`oneOf: got ${show(value)}, wants ${VALUE.source} and nothing that looks like a secret`)
    }
  }
  return Object.freeze({ kind: 'one-of', values: Object.freeze([...values]) })
}

/** A safe integer. */
export function integer(): IntegerType {
  return { kind: 'integer' }
}

export function boolean(): BooleanType {
  return { kind: 'boolean' }
}

/** `token` is PostHog's: in the properties it would stand for the project key. */
export function isHostPropertyName(name: string): boolean {
  return NAME.test(name) && name !== 'token' && !isReservedProperty(name)
}

/** Whether a value could be one of a declared list; all that the reporter, which has no declaration, can ask. */
export function isHostString(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value) && !looksSecret(value)
}

/**
 * Keeps what was declared. Undeclared, of another type, unreadable (a getter or Proxy that throws): left out and counted.
 * Never throws. Several `add`s are filtered one by one; the last value of a name wins by spreading the results.
 * @rare
 */
export function filterHostProperties(definitions: PropertyDefinitions | undefined, added: unknown): FilteredProperties {
  const properties: Record<string, string | number | boolean> = {}
  let dropped = 0
  let names: readonly string[]
  try {
    names = Object.keys(added as object)
  } catch {
    return { properties, dropped: 1 } // null, undefined, or a Proxy that throws
  }
  for (const name of names) {
    try {
      const value = (added as Record<string, unknown>)[name]
      if (value === undefined) continue
      if (
        definitions !== undefined &&
        Object.hasOwn(definitions.types, name) &&
        isOfType(definitions.types[name], value)
      ) {
        properties[name] = value
      } else dropped += 1
    } catch {
      dropped += 1 // a getter of the host's that throws
    }
  }
  return { properties, dropped }
}

/** @rare */
function isOfType(type: PropertyType | undefined, value: unknown): value is string | number | boolean {
  switch (type?.kind) {
    case 'one-of':
      return (type.values as readonly unknown[]).includes(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'boolean':
      return typeof value === 'boolean'
    case undefined:
      return false
  }
}

function isPropertyType(type: unknown): type is PropertyType {
  if (typeof type !== 'object' || type === null) return false
  const { kind, values } = type as { kind?: unknown; values?: unknown }
  if (kind === 'one-of') return Array.isArray(values) && values.length > 0 && values.every(isHostString)
  return kind === 'integer' || kind === 'boolean'
}

function show(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : value === null ? 'null' : `a ${typeof value}`
}
