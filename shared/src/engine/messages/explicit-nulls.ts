/**
 * Models that reason fill in every parameter, and write null for what nobody asked for. Servers rarely allow null:
 * to them, a parameter without a value is one that is not there.
 */
import { TooMuchWork, WorkBudget } from '../../contract/json/work-budget.ts';
import { isSchemaObject, type JsonSchema } from '../tools/schema-dialect.ts';

type Args = Record<string, unknown>;

/** Schemas that are read for one value, and nested in each other; a tangle of references ends there. */
const MAX_SCHEMAS = 200;
const MAX_DEPTH = 32;
/** Schemas that are read for all values together: some milliseconds. */
const MAX_WORK = 50_000;
/** Keywords whose schemas describe the same value. */
const SAME_VALUE = ['allOf', 'anyOf', 'oneOf', 'then', 'else'];

/**
 * The arguments without the nulls of optional properties that do not allow null, at any depth. A null that the schema
 * allows stays, as does one for a required property: a server may mean something by it. Where that takes too much work
 * to find out, the arguments come back as they are. Never throws.
 *
 * @param schema of the arguments, in the dialect that `uniformSchema` writes
 */
export function withoutExplicitNulls(args: Args, schema: JsonSchema): Args {
  try {
    const root = { schema, budget: new WorkBudget(MAX_WORK, 'The arguments take too long to read.') };
    return withoutNulls(args, [schema], root, 0) as Args; // an object stays one
  } catch (error) {
    if (error instanceof TooMuchWork) return args;
    throw error;
  }
}

/** The whole schema, into which references lead. */
interface Root {
  schema: JsonSchema;
  budget: WorkBudget;
}

function withoutNulls(value: unknown, schemas: unknown[], root: Root, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  const views = viewsOf(schemas, root);
  root.budget.spend(Object.keys(value).length * views.length);
  if (Array.isArray(value)) {
    return (value as unknown[]).map((one, n) => withoutNulls(one, views.flatMap((view) => itemOf(view, n)), root, depth + 1)); // prettier-ignore
  }
  const required = new Set(views.flatMap((view) => requiredOf(view)));
  const kept = Object.entries(value).flatMap(([name, one]) => {
    const about = views.flatMap((view) => propertyOf(view, name));
    const isMeant = one !== null || required.has(name) || about.length === 0 || allowsNull(about, root);
    const inside = about.length > 0 ? about : views.map(({ additionalProperties }) => additionalProperties);
    return isMeant ? [[name, withoutNulls(one, inside, root, depth + 1)] as const] : [];
  });
  return Object.fromEntries(kept);
}

/** The schemas with all that they refer to, or choose from, for the same value. */
function viewsOf(schemas: unknown[], root: Root): JsonSchema[] {
  const views = new Set<JsonSchema>();
  const open = [...schemas];
  while (open.length > 0 && views.size < MAX_SCHEMAS) {
    const schema = open.pop();
    if (!isSchemaObject(schema) || views.has(schema)) continue;
    views.add(schema);
    const inside = [targetOf(schema, root.schema), ...SAME_VALUE.flatMap((key) => schema[key] ?? [])];
    root.budget.spend(inside.length + requiredOf(schema).length);
    for (const one of inside) open.push(one);
  }
  return [...views];
}

function targetOf({ $ref }: JsonSchema, root: JsonSchema): unknown {
  if (typeof $ref !== 'string' || !isSchemaObject(root.$defs)) return undefined;
  return root.$defs[$ref.replace('#/$defs/', '')];
}

function requiredOf({ required }: JsonSchema): unknown[] {
  return Array.isArray(required) ? required : [];
}

function propertyOf({ properties }: JsonSchema, name: string): unknown[] {
  return isSchemaObject(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [];
}

function itemOf({ prefixItems, items }: JsonSchema, index: number): unknown[] {
  const own: unknown = Array.isArray(prefixItems) ? prefixItems[index] : undefined;
  return [own ?? items].filter((one) => one !== undefined);
}

/** Whether one of these schemas, taken by itself or by its choices, lets null through. */
function allowsNull(schemas: unknown[], root: Root): boolean {
  return schemas.some((schema) => schemaAllowsNull(schema, root, 0));
}

function schemaAllowsNull(schema: unknown, root: Root, depth: number): boolean {
  root.budget.spend();
  if (!isSchemaObject(schema) || depth > MAX_DEPTH) return schema !== false;
  const allows = (one: unknown) => schemaAllowsNull(one, root, depth + 1);
  const { type, enum: values, allOf, anyOf, oneOf } = schema;
  if (type !== undefined && ![type].flat().includes('null')) return false;
  if (Array.isArray(values)) root.budget.spend(values.length / 50);
  if (Array.isArray(values) && !values.includes(null)) return false;
  if ('const' in schema && schema.const !== null) return false;
  if (Array.isArray(allOf) && !allOf.every(allows)) return false;
  if (Array.isArray(anyOf) && !anyOf.some(allows)) return false;
  if (Array.isArray(oneOf) && !oneOf.some(allows)) return false;
  return schema.$ref === undefined || allows(targetOf(schema, root.schema));
}
