/**
 * The input schema of a tool in the shape that voice models take: an object at the root, without a
 * choice there. Choices of the root become optional properties and a sentence; the arguments are checked
 * against the original (see `arguments`), which nothing here changes.
 */
import { canonicalJson } from '../../contract/json/canonical-json.ts';
import { TooMuchWork, WorkBudget } from '../../contract/json/work-budget.ts';
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

/** Views and the properties in them, which is what takes the time; honest schemas need some hundred. */
const MAX_WORK = 10_000;
/** Characters of JSON that are compared for the price of one property. */
const CHARACTERS_PER_UNIT = 200;
/** Choices and references in each other. */
const MAX_DEPTH = 100;
/** Values of a choice that are listed, and UTF-16 units of each. */
const MAX_VALUES = 12;
const MAX_VALUE_LENGTH = 100;
/** Characters of the words for choices for the price of one property: all of them go to the model. */
const WORDS_PER_UNIT = 20;
const TOO_COMPLEX = 'The input schema is too complex: its choices and references lead to too many others.';
const TOO_DEEP = `The input schema is too complex: more than ${MAX_DEPTH} nested choices and references.`;
const NOTHING: ObjectView = { properties: new Map(), required: [], isClosed: false, notes: [] };

/** Whether a schema can be brought into the shape for models. */
export interface Conversion {
  /** Why it can't, as a sentence for the user; null when `schemaForModel` converts it. */
  fault: string | null;
  /** What it took to find out, in views and properties: a few thousand are some milliseconds. */
  work: number;
}

export function tryConversion(inputSchema: JsonSchema): Conversion {
  const budget = new WorkBudget(MAX_WORK, TOO_COMPLEX);
  try {
    schemaForModel(inputSchema, budget);
    return { fault: null, work: budget.spent };
  } catch (error) {
    if (error instanceof TooMuchWork) return { fault: error.message, work: MAX_WORK };
    throw error;
  }
}

/** @throws TooMuchWork for a schema that is too complex */
export function schemaForModel(
  inputSchema: JsonSchema,
  budget = new WorkBudget(MAX_WORK, TOO_COMPLEX),
): JsonSchema {
  const { root, defs } = uniformSchema(inputSchema);
  const { properties, required, isClosed, notes } = new Views(defs, budget).of(root, []);
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

class Views {
  readonly #defs: Record<string, JsonSchema>;
  readonly #budget: WorkBudget;
  /** The JSON of property schemas, by which equal ones are found. */
  readonly #texts = new WeakMap<object, string>();

  constructor(defs: Record<string, JsonSchema>, budget: WorkBudget) {
    this.#defs = defs;
    this.#budget = budget;
  }

  /** @param path the schemas in which this one lies */
  of(schema: unknown, path: readonly unknown[]): ObjectView {
    this.#budget.spend();
    // A schema that refers to itself at its root adds nothing the second time.
    if (!isSchemaObject(schema) || path.includes(schema)) return NOTHING;
    if (path.length >= MAX_DEPTH) throw new TooMuchWork(TOO_DEEP);
    const viewOf = (one: unknown) => this.of(one, [...path, schema]);
    const views: ObjectView[] = [ownView(schema)];
    if (typeof schema.$ref === 'string') views.push(viewOf(this.#defs[schema.$ref.replace('#/$defs/', '')]));
    for (const one of listOf(schema.allOf)) views.push(viewOf(one));
    for (const [key, words] of [
      ['anyOf', 'Give at least one of these sets of arguments'],
      ['oneOf', 'Give exactly one of these sets of arguments'],
    ] as const) {
      const branches = listOf(schema[key]).filter(isSchemaObject).map(viewOf);
      if (branches.length > 0) views.push(this.#either(branches, words));
    }
    // Conditions only say what may come on top; whether it must is seen to by the check of the arguments.
    const dependent = isSchemaObject(schema.dependentSchemas) ? Object.values(schema.dependentSchemas) : [];
    for (const one of [schema.then, schema.else, ...dependent]) {
      if (one !== undefined) views.push({ ...viewOf(one), required: [], isClosed: false });
    }
    return this.#both(views);
  }

  /** All of the schemas hold. */
  #both(views: readonly ObjectView[]): ObjectView {
    return {
      properties: this.#joined(views, (schemas) => ({ allOf: schemas })),
      required: [...new Set(views.flatMap(({ required }) => required))],
      isClosed: views.some(({ isClosed }) => isClosed),
      notes: views.flatMap(({ notes }) => notes),
    };
  }

  /** One of the schemas holds; it may be any. */
  #either(views: readonly ObjectView[], words: string): ObjectView {
    const [first = NOTHING, ...others] = views.map((view) => ({ ...view, names: new Set(view.required) }));
    const sets = [...new Set(views.map((view) => this.#describeView(view)))];
    return {
      properties: this.#joined(views, choice),
      required: first.required.filter((name) => others.every(({ names }) => names.has(name))),
      isClosed: views.every(({ isClosed }) => isClosed),
      notes:
        sets.length > 1 ? [`${words}: ${sets.join('; or ')}.`, ...views.flatMap(({ notes }) => notes)] : [],
    };
  }

  #joined(views: readonly ObjectView[], join: (schemas: unknown[]) => unknown): ObjectView['properties'] {
    const all = new Map<string, unknown[]>();
    for (const { properties, required } of views) {
      this.#budget.spend(properties.size + required.length);
      for (const [name, schema] of properties) {
        const known = all.get(name);
        if (known) known.push(schema);
        else all.set(name, [schema]);
      }
    }
    return new Map(
      [...all].map(([name, schemas]) => {
        const [only, ...others] = this.#different(schemas);
        return [name, others.length === 0 ? only : join([only, ...others])];
      }),
    );
  }

  /** The first of each kind. */
  #different(schemas: readonly unknown[]): unknown[] {
    const once = [...new Set(schemas)];
    if (once.length === 1) return once;
    const kinds = new Map(once.toReversed().map((schema) => [this.#textOf(schema), schema]));
    return once.filter((schema) => kinds.get(this.#textOf(schema)) === schema);
  }

  /** The arguments that a choice wants, with their values where it names them. */
  #describeView({ properties, required }: ObjectView): string {
    const names = required.length > 0 ? required : [...properties.keys()];
    if (names.length === 0) return 'nothing';
    const words = names.map((name) => {
      const values = valuesOf(properties.get(name));
      if (!values) return name;
      const shown = values.slice(0, MAX_VALUES).map((value) => {
        const text = JSON.stringify(value);
        this.#budget.spend(text.length / CHARACTERS_PER_UNIT);
        return shortValue(text);
      });
      return `${name} (${[...shown, ...(values.length > MAX_VALUES ? ['…'] : [])].join(', ')})`;
    });
    const text = words.join(', ');
    this.#budget.spend(text.length / WORDS_PER_UNIT);
    return text;
  }

  #textOf(schema: unknown): string {
    if (!isSchemaObject(schema)) return canonicalJson(schema);
    const known = this.#texts.get(schema);
    if (known !== undefined) return known;
    const text = canonicalJson(schema);
    this.#texts.set(schema, text);
    this.#budget.spend(text.length / CHARACTERS_PER_UNIT);
    return text;
  }
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

function shortValue(text: string): string {
  return text.length > MAX_VALUE_LENGTH ? `${text.slice(0, MAX_VALUE_LENGTH).toWellFormed()}…` : text;
}

/** The definitions that a schema refers to, and those that they refer to. */
function reachable(schema: unknown, defs: Record<string, JsonSchema>): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>();
  const open: unknown[] = [schema];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const part of Object.values(value)) open.push(part);
    if (!('$ref' in value) || typeof value.$ref !== 'string') continue;
    const name = value.$ref.replace('#/$defs/', '');
    const definition = Object.hasOwn(defs, name) ? defs[name] : undefined;
    if (!definition || found.has(name)) continue;
    found.set(name, definition);
    open.push(definition);
  }
  return found;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
