/**
 * The input schema of a tool in the shape that voice models take: an object at the root, without a
 * choice there. Choices of the root become optional properties and a sentence; the arguments are checked
 * against the original (see `arguments`), which nothing here changes.
 */
import { isDeepStrictEqual } from 'node:util';
import { isSchemaObject, uniformSchema, type JsonSchema } from './schema-dialect.ts';

/** What a schema says of an object, without its choices. */
interface ObjectView {
  properties: Map<string, unknown>;
  required: string[];
  /** Properties that are not named are not allowed. */
  isClosed: boolean;
  /** The choices, in words. */
  notes: string[];
}

/** Schemas that are looked at for one root; a tangle of references is cut off there. */
const MAX_VIEWS = 1_000;
const NOTHING: ObjectView = { properties: new Map(), required: [], isClosed: false, notes: [] };

/** Never throws. */
export function schemaForModel(inputSchema: JsonSchema): JsonSchema {
  const { root, defs } = uniformSchema(inputSchema);
  const { properties, required, isClosed, notes } = viewOf(root, [], { defs, left: MAX_VIEWS });
  const description = [root.description, ...notes].filter((part) => typeof part === 'string').join(' ');
  const fitted = {
    type: 'object',
    ...(typeof root.title === 'string' && { title: root.title }),
    ...(description && { description }),
    properties: Object.fromEntries(properties),
    ...(required.length > 0 && { required }),
    ...(isClosed
      ? { additionalProperties: false }
      : isSchemaObject(root.additionalProperties) && { additionalProperties: root.additionalProperties }),
  };
  const used = reachable(fitted, defs);
  return used.size > 0 ? { ...fitted, $defs: Object.fromEntries(used) } : fitted;
}

interface Search {
  defs: Record<string, JsonSchema>;
  left: number;
}

function viewOf(schema: unknown, path: readonly unknown[], search: Search): ObjectView {
  search.left -= 1;
  // A schema that refers to itself at its root adds nothing the second time.
  if (!isSchemaObject(schema) || path.includes(schema) || search.left < 0) return NOTHING;
  const look = (one: unknown) => viewOf(one, [...path, schema], search);
  const views: ObjectView[] = [ownView(schema)];
  if (typeof schema.$ref === 'string') views.push(look(search.defs[schema.$ref.replace('#/$defs/', '')]));
  for (const one of listOf(schema.allOf)) views.push(look(one));
  for (const [key, words] of [
    ['anyOf', 'Give at least one of these sets of arguments'],
    ['oneOf', 'Give exactly one of these sets of arguments'],
  ] as const) {
    const branches = listOf(schema[key]).filter(isSchemaObject).map(look);
    if (branches.length > 0) views.push(either(branches, words));
  }
  // Conditions only say what may come on top; whether it must is seen to by the check of the arguments.
  const dependent = isSchemaObject(schema.dependentSchemas) ? Object.values(schema.dependentSchemas) : [];
  for (const one of [schema.then, schema.else, ...dependent]) {
    if (one !== undefined) views.push({ ...look(one), required: [], isClosed: false });
  }
  return both(views);
}

function ownView(schema: JsonSchema): ObjectView {
  return {
    properties: new Map(Object.entries(isSchemaObject(schema.properties) ? schema.properties : {})),
    required: listOf(schema.required).filter((name) => typeof name === 'string'),
    isClosed:
      (schema.additionalProperties === false || schema.unevaluatedProperties === false) &&
      !('patternProperties' in schema),
    notes: [],
  };
}

/** All of the schemas hold. */
function both(views: readonly ObjectView[]): ObjectView {
  return {
    properties: joined(views, (schemas) => ({ allOf: schemas })),
    required: [...new Set(views.flatMap(({ required }) => required))],
    isClosed: views.some(({ isClosed }) => isClosed),
    notes: views.flatMap(({ notes }) => notes),
  };
}

/** One of the schemas holds; it may be any. */
function either(views: readonly ObjectView[], words: string): ObjectView {
  const [first = NOTHING, ...others] = views;
  const sets = [...new Set(views.map(inWords))];
  return {
    properties: joined(views, choice),
    required: first.required.filter((name) => others.every(({ required }) => required.includes(name))),
    isClosed: views.every(({ isClosed }) => isClosed),
    notes:
      sets.length > 1 ? [`${words}: ${sets.join('; or ')}.`, ...views.flatMap(({ notes }) => notes)] : [],
  };
}

function joined(
  views: readonly ObjectView[],
  join: (schemas: unknown[]) => unknown,
): ObjectView['properties'] {
  const all = new Map<string, unknown[]>();
  for (const { properties } of views) {
    for (const [name, schema] of properties) {
      const known = all.get(name) ?? [];
      if (!known.some((one) => isDeepStrictEqual(one, schema))) known.push(schema);
      all.set(name, known);
    }
  }
  return new Map(
    [...all].map(([name, schemas]) => [name, schemas.length === 1 ? schemas[0] : join(schemas)]),
  );
}

/** Of constants one list, which models understand better than a choice of schemas. */
function choice(schemas: unknown[]): unknown {
  const values = schemas.map(valuesOf);
  if (!values.every((list) => list !== null)) return { anyOf: schemas };
  return { enum: [...new Set(values.flat())] };
}

/** The values of a schema that says no more than these, in words aside. */
function valuesOf(schema: unknown): unknown[] | null {
  if (!isSchemaObject(schema)) return null;
  const { type: _type, title: _title, description: _description, default: _default, ...rest } = schema;
  const [key, ...others] = Object.keys(rest);
  if (others.length > 0) return null;
  if (key === 'const') return [rest.const];
  return key === 'enum' && Array.isArray(rest.enum) ? rest.enum : null;
}

function inWords({ properties, required }: ObjectView): string {
  const names = required.length > 0 ? required : [...properties.keys()];
  if (names.length === 0) return 'nothing';
  return names
    .map((name) => {
      const values = valuesOf(properties.get(name));
      return values ? `${name} (${values.map((value) => JSON.stringify(value)).join(', ')})` : name;
    })
    .join(', ');
}

/** The definitions that a schema refers to, and those that they refer to. */
function reachable(schema: unknown, defs: Record<string, JsonSchema>): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const search = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const part of Object.values(value)) search(part);
    if (!('$ref' in value) || typeof value.$ref !== 'string') return;
    const name = value.$ref.replace('#/$defs/', '');
    const definition = defs[name];
    if (!definition || found.has(name)) return;
    found.set(name, definition);
    search(definition);
  };
  search(schema);
  return found;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
