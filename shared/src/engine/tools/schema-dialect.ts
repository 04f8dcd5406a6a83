/**
 * JSON Schema of any dialect, converted to one: that of 2020-12, with every reference pointing into `$defs`
 * of the root. What it allows stays the same; a reference that leads nowhere allows anything.
 */
import { WorkBudget } from '../../contract/json/work-budget.ts';

export type JsonSchema = Record<string, unknown>;

export interface UniformSchema {
  root: JsonSchema;
  /** The targets of references, each under a name of its own. */
  defs: Record<string, JsonSchema>;
}

/** Schemas nested deeper are not read: anything is allowed there. */
const MAX_DEPTH = 64;
/** Subschemas, counted once for each target of a reference in which they lie. */
const MAX_SUBSCHEMAS = 20_000;
const TOO_MANY = `The input schema has more than ${MAX_SUBSCHEMAS} subschemas.`;
/** UTF-16 units of what is not a subschema, such as values and descriptions, counted in the same way. */
const MAX_CHARACTERS = 256 * 1024;
const TOO_LONG = `The input schema has more than ${MAX_CHARACTERS / 1024} KB once its references are followed.`;
const ONE = ['contains', 'additionalProperties', 'propertyNames', 'if', 'then', 'else', 'not'];
const ONE_NEW = ['unevaluatedItems', 'unevaluatedProperties', 'contentSchema'];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const MAPS = ['properties', 'patternProperties', 'dependentSchemas'];
/** Names and references that are followed, and then of no more use. */
const RESOLVED = [
  '$schema',
  '$id',
  'id',
  '$anchor',
  '$dynamicAnchor',
  '$recursiveAnchor',
  '$defs',
  'definitions',
  '$ref',
  '$dynamicRef',
  '$recursiveRef',
  'dependencies',
  'additionalItems',
];

/** Keywords whose schemas have lengths of their own, or are left out until something refers to them. */
const NAMED = new Set([...MAPS, 'dependencies']);
const WALKED = new Set([
  ...ONE,
  ...ONE_NEW,
  ...LISTS,
  ...NAMED,
  'items',
  'additionalItems',
  '$defs',
  'definitions',
]);

/**
 * What it cannot read it leaves out.
 * @throws TooMuchWork
 */
export function uniformSchema(schema: JsonSchema): UniformSchema {
  return new Reading(schema).read();
}

export function isSchemaObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

class Reading {
  readonly #source: JsonSchema;
  readonly #defs: Record<string, JsonSchema> = {};
  /** Targets of references by the object they point to. */
  readonly #names = new Map<JsonSchema, string>();
  readonly #budget = new WorkBudget(MAX_SUBSCHEMAS, TOO_MANY);
  readonly #characters = new WorkBudget(MAX_CHARACTERS, TOO_LONG);
  readonly #anchors = new Map<string, JsonSchema>();

  constructor(source: JsonSchema) {
    this.#source = source;
    this.#collectAnchors(source, 0);
  }

  read(): UniformSchema {
    const root = this.#object(this.#source, 0);
    // Reading one target may name further ones, which the loop then comes to.
    for (const [target, name] of this.#names) this.#defs[name] = readNullable(this.#object(target, 0));
    return { root, defs: this.#defs };
  }

  #any(value: unknown, depth: number): unknown {
    if (value === false) return false;
    return isSchemaObject(value) && depth < MAX_DEPTH ? readNullable(this.#object(value, depth)) : {};
  }

  #object(schema: JsonSchema, depth: number): JsonSchema {
    this.#budget.spend();
    this.#characters.spend(ownLength(schema));
    const next = depth + 1;
    const result: JsonSchema = { ...schema };
    for (const key of RESOLVED) Reflect.deleteProperty(result, key);
    for (const key of [...ONE, ...ONE_NEW]) {
      if (key in schema) result[key] = this.#any(schema[key], next);
    }
    for (const key of LISTS) {
      const list = schema[key];
      if (Array.isArray(list)) result[key] = list.map((one) => this.#any(one, next));
    }
    for (const key of MAPS) if (key in schema) result[key] = this.#map(schema[key], next);
    this.#readItems(schema, result, next);
    this.#readDependencies(schema, result, next);
    readOldNumbers(result);
    readType(result);
    const required = requiredOf(schema);
    if (required.length > 0) result.required = required;
    else delete result.required;
    const target = this.#target(schema);
    return target === undefined ? result : { ...result, $ref: `#/$defs/${this.#nameOf(target)}` };
  }

  #map(value: unknown, depth: number): JsonSchema {
    if (!isSchemaObject(value)) return {};
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.#any(one, depth)]));
  }

  /** Up to 2019-09 a list of items said what `prefixItems` says now. */
  #readItems(schema: JsonSchema, result: JsonSchema, depth: number): void {
    if (Array.isArray(schema.items)) {
      result.prefixItems = schema.items.map((one) => this.#any(one, depth));
      result.items = this.#any(schema.additionalItems, depth);
    } else if ('items' in schema) {
      result.items = this.#any(schema.items, depth);
    }
  }

  /** Up to draft 7 `dependencies` said what two keywords say now. */
  #readDependencies(schema: JsonSchema, result: JsonSchema, depth: number): void {
    if (!isSchemaObject(schema.dependencies)) return;
    const names: JsonSchema = {};
    const schemas: JsonSchema = {};
    for (const [name, needed] of Object.entries(schema.dependencies)) {
      if (Array.isArray(needed)) names[name] = needed;
      else if (typeof needed === 'string') names[name] = [needed];
      else schemas[name] = this.#any(needed, depth);
    }
    if (Object.keys(names).length > 0) result.dependentRequired = names;
    if (Object.keys(schemas).length > 0) result.dependentSchemas = schemas;
  }

  /** What a reference of this schema means; undefined without one, or when it leads nowhere. */
  #target(schema: JsonSchema): JsonSchema | undefined {
    const reference = schema.$ref ?? schema.$dynamicRef ?? schema.$recursiveRef;
    if (typeof reference !== 'string') return undefined;
    const named = this.#anchors.get(reference);
    if (named) return named;
    const [document = '', fragment = ''] = reference.split('#', 2);
    const start = document === '' ? this.#source : this.#anchors.get(document);
    let place: unknown = start;
    for (const part of fragment.split('/').slice(1)) {
      if (place === undefined) break;
      const key = decodePointer(part);
      const isThere = typeof place === 'object' && place !== null && Object.hasOwn(place, key);
      place = isThere ? (place as JsonSchema)[key] : undefined;
    }
    if (fragment !== '' && !fragment.startsWith('/')) return undefined;
    if (place === true) return {};
    return isSchemaObject(place) ? place : undefined;
  }

  #nameOf(target: JsonSchema): string {
    const known = this.#names.get(target);
    if (known !== undefined) return known;
    const name = `d${this.#names.size + 1}`;
    this.#names.set(target, name);
    return name;
  }

  #collectAnchors(value: unknown, depth: number): void {
    if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return;
    if (isSchemaObject(value)) {
      const { $id, id, $anchor, $dynamicAnchor } = value;
      for (const name of [$id, id]) {
        if (typeof name === 'string') this.#anchors.set(name.replace(/#$/, ''), value);
      }
      for (const name of [$anchor, $dynamicAnchor]) {
        if (typeof name === 'string') this.#anchors.set(`#${name}`, value);
      }
    }
    for (const part of Object.values(value)) this.#collectAnchors(part, depth + 1);
  }
}

/** The length of a schema as JSON without the schemas in it, but with their names. */
function ownLength(schema: JsonSchema): number {
  let length = 0;
  for (const [key, value] of Object.entries(schema)) {
    if (!WALKED.has(key)) length += key.length + (JSON.stringify(value)?.length ?? 0);
    else if (NAMED.has(key) && isSchemaObject(value))
      for (const name of Object.keys(value)) length += name.length;
  }
  return length;
}

function decodePointer(part: string): string {
  const plain =
    URL.canParse(`x:/${part}`) && !/%(?![0-9a-f]{2})/i.test(part) ? decodeURIComponent(part) : part;
  return plain.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** In draft 4 an exclusive limit was a yes or no beside the limit. */
function readOldNumbers(schema: JsonSchema): void {
  for (const [limit, exclusive] of [
    ['minimum', 'exclusiveMinimum'],
    ['maximum', 'exclusiveMaximum'],
  ] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue;
    if (schema[exclusive] && limit in schema) {
      schema[exclusive] = schema[limit];
      Reflect.deleteProperty(schema, limit);
    } else {
      Reflect.deleteProperty(schema, exclusive);
    }
  }
}

const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/** A type that is none (`any` of draft 3) allows anything; an array says what is in it, if only: anything. */
function readType(schema: JsonSchema): void {
  const types = [schema.type].flat();
  if (!types.every((type) => typeof type === 'string' && TYPES.has(type))) delete schema.type;
  else if (types.includes('array')) schema.items ??= {};
  // Each one is read for each value.
  if (Array.isArray(schema.type)) schema.type = [...new Set(types)];
}

/** OpenAPI 3.0 says beside the type that null is allowed, too. */
function readNullable({ nullable, ...schema }: JsonSchema): JsonSchema {
  if (nullable !== true) return schema;
  const { title, description, ...rest } = schema;
  const isPlain = schema.type !== undefined && ![...LISTS, 'const', '$ref'].some((key) => key in schema);
  if (!isPlain) return { ...(title !== undefined && { title }), ...(description !== undefined && { description }), anyOf: [rest, { type: 'null' }] }; // prettier-ignore
  return {
    ...schema,
    type: [...new Set([schema.type, 'null'].flat())],
    ...(Array.isArray(schema.enum) && { enum: [...new Set<unknown>([...(schema.enum as unknown[]), null])] }),
  };
}

/** In draft 3 a property said of itself that it is required. */
function requiredOf({ required, properties }: JsonSchema): string[] {
  const own = Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
  const said = Object.entries(isSchemaObject(properties) ? properties : {})
    .filter(([, property]) => isSchemaObject(property) && property.required === true)
    .map(([name]) => name);
  return [...new Set([...own, ...said])];
}
