/** A schema whose validation counts its work: the validator interprets schemas of strangers, and knows no limit itself. */
import { WorkBudget } from '../../contract/json/work-budget.ts';
import { isSchemaObject, type JsonSchema } from './schema-dialect.ts';

/** Keywords under which the keys are names, not keywords. */
const NAMED = new Set(['properties', '$defs', 'dependentSchemas']);
/** Values, in which nothing is a keyword. */
const DATA = new Set(['const', 'enum', 'default', 'examples']);
/**
 * The formats that the validator checks in linear time. Its expression for `url` takes exponential time, and that of
 * `regex` compiles what it is given.
 */
const FORMATS = new Set<unknown>([
  'date',
  'time',
  'date-time',
  'duration',
  'email',
  'hostname',
  'ipv4',
  'ipv6',
  'uri',
  'uuid',
]);

/** Visits of a small schema by small arguments that a check may take: some 50 ms. */
const MAX_VISITS = 20_000;
/** Values in an enumeration or names in a list of required ones that cost as much as a visit. */
const VALUES_PER_VISIT = 20;
/** The same for entries of one object or list of the arguments, and for characters of one text. */
const ENTRIES_PER_VISIT = 50;
const CHARACTERS_PER_VISIT = 2_000;
/**
 * Characters of the paths to all subschemas together, which the validator writes out before it begins; those of 5,000 in
 * an honest schema have some 300,000.
 */
const MAX_PATHS = 1_000_000;

/** What of the arguments makes one visit of a schema dear. */
export interface ArgumentSize {
  /** Levels of objects and lists in each other. */
  depth: number;
  /** Entries of the object or list that has most of them. */
  widest: number;
  /** All objects, lists and other values. */
  values: number;
  /** UTF-16 units of the longest text or name. */
  longest: number;
}

/** Measures arguments of any depth. */
export function sizeOfArguments(args: unknown): ArgumentSize {
  const size = { depth: 0, widest: 0, values: 0, longest: 0 };
  let level = [args];
  while (level.length > 0) {
    const below: unknown[] = [];
    for (const value of level) {
      size.values += 1;
      if (typeof value === 'string') size.longest = Math.max(size.longest, value.length);
      if (typeof value !== 'object' || value === null) continue;
      const parts = Object.values(value);
      if (!Array.isArray(value))
        for (const name of Object.keys(value)) size.longest = Math.max(size.longest, name.length);
      size.widest = Math.max(size.widest, parts.length);
      for (const part of parts) below.push(part);
    }
    level = below;
    if (below.length > 0) size.depth += 1;
  }
  return size;
}

/** The schema for the validator, and what limits each validation by it. */
export class CountedSchema {
  readonly schema: JsonSchema;
  readonly #weights = new WeakMap<JsonSchema, number>();
  #size: ArgumentSize = { depth: 0, widest: 0, values: 0, longest: 0 };
  readonly #paths = new WorkBudget(MAX_PATHS, 'The names in the input schema are too long.');
  #budget = new WorkBudget(Number.POSITIVE_INFINITY, '');

  /**
   * @param schema in the dialect that `uniformSchema` writes
   * @throws TooMuchWork for one that no validator should be made of
   */
  constructor(schema: JsonSchema) {
    const visit = (one: JsonSchema) => this.#visit(one);
    // A keyword of an older dialect, which the validator reads in every schema that it visits.
    const prototype: object = Object.defineProperty({}, '$recursiveRef', {
      get(this: JsonSchema) {
        visit(this);
        return undefined;
      },
    });
    this.schema = this.#checkable(schema, prototype, 0) as JsonSchema;
  }

  /** Begins a validation: from now on the schema throws TooMuchWork in the validator once it was visited too often. */
  begin(size: ArgumentSize): void {
    this.#size = size;
    this.#budget = new WorkBudget(MAX_VISITS, 'Checking the arguments takes too long.');
  }

  #visit(schema: JsonSchema): void {
    const { widest, values, longest } = this.#size;
    const comparisons = schema.uniqueItems === true ? (values * widest) / ENTRIES_PER_VISIT : 0;
    this.#budget.spend(
      1 + this.#weightOf(schema) + widest / ENTRIES_PER_VISIT + longest / CHARACTERS_PER_VISIT + comparisons,
    );
  }

  /** Texts of errors repeat the values. */
  #weightOf(schema: JsonSchema): number {
    const known = this.#weights.get(schema);
    if (known !== undefined) return known;
    const { const: constant, enum: values, required, properties } = schema;
    const length = JSON.stringify([constant, values])?.length ?? 0;
    const names = Array.isArray(required) ? required.length : 0;
    const weight =
      length / CHARACTERS_PER_VISIT +
      (names + Object.keys(properties ?? {}).length) / VALUES_PER_VISIT +
      (Array.isArray(values) ? values.length : 0) / VALUES_PER_VISIT;
    this.#weights.set(schema, weight);
    return weight;
  }

  /**
   * Without the patterns of a stranger, of which one can keep us busy for hours: those the server checks itself.
   * @param pathLength of the path from the root
   */
  #checkable(value: unknown, prototype: object, pathLength: number): unknown {
    if (Array.isArray(value)) return value.map((one, n) => this.#checkable(one, prototype, pathLength + 1 + String(n).length)); // prettier-ignore
    if (!isSchemaObject(value)) return value;
    this.#paths.spend(pathLength);
    const { pattern: _pattern, patternProperties, format, ...rest } = value;
    // Which properties are additional only the patterns could tell.
    if (isSchemaObject(patternProperties)) {
      delete rest.additionalProperties;
      delete rest.unevaluatedProperties;
    }
    if (FORMATS.has(format)) rest.format = format;
    const kept = Object.entries(rest).map(([key, part]) => [
      key,
      NAMED.has(key) && isSchemaObject(part)
        ? Object.fromEntries(
            Object.entries(part).map(([name, one]) => [
              name,
              this.#checkable(one, prototype, pathLength + key.length + name.length + 2),
            ]),
          )
        : DATA.has(key)
          ? part
          : this.#checkable(part, prototype, pathLength + key.length + 1),
    ]);
    // Defined, not assigned: a key `__proto__` must not take the place of the prototype.
    return Object.create(prototype, Object.getOwnPropertyDescriptors(Object.fromEntries(kept))) as unknown;
  }
}
