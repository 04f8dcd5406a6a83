export interface SchemaRow {
  /** Dotted path; `[]` for the items of a list. */
  path: string;
  type: string;
  required: boolean;
  description: string;
  /** Default, limits and pattern as text. */
  notes: string[];
}

const DEEPEST = 4;
const MAX_ROWS = 100;
const LONGEST = 300;
/** Limit of schemas to read for types; nested choices could lead to millions. */
const MAX_TYPES = 1_000;

type Schema = Record<string, unknown>;

/**
 * Lists the fields of an untrusted JSON Schema, bounded in depth, number and length, without trusting the type of any
 * keyword.
 */
export function schemaRows(schema: unknown): SchemaRow[] {
  const rows: SchemaRow[] = [];
  if (isObject(schema)) collect({ schema, typesLeft: MAX_TYPES }, schema, '', 0, rows);
  return rows;
}

interface Root {
  schema: Schema;
  typesLeft: number;
}

function collect(root: Root, schema: Schema, prefix: string, depth: number, rows: SchemaRow[]): void {
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required = new Set(Array.isArray(schema.required) ? schema.required : []);
  for (const [name, given] of Object.entries(properties)) {
    if (rows.length >= MAX_ROWS) return;
    if (!isObject(given)) continue;
    const property = resolved(root.schema, given);
    const path = cut(`${prefix}${name}`, 80);
    rows.push({
      path,
      type: formatType(root, property),
      required: required.has(name),
      description: typeof property.description === 'string' ? cut(property.description, LONGEST) : '',
      notes: notesOf(property),
    });
    if (depth >= DEEPEST) continue;
    if (isObject(property.properties)) collect(root, property, `${path}.`, depth + 1, rows);
    const items = isObject(property.items) ? resolved(root.schema, property.items) : null;
    if (items && isObject(items.properties)) collect(root, items, `${path}[].`, depth + 1, rows);
  }
}

function formatType(root: Root, schema: Schema, depth = 0): string {
  root.typesLeft -= 1;
  if (depth > DEEPEST || root.typesLeft < 0) return '…';
  if (Array.isArray(schema.enum)) return cut(schema.enum.map(literal).join(' | '), LONGEST);
  if ('const' in schema) return cut(literal(schema.const), LONGEST);
  const choices = [schema.anyOf, schema.oneOf].find(Array.isArray);
  if (choices) {
    const words = choices
      .filter(isObject)
      .map((choice) => formatType(root, resolved(root.schema, choice), depth + 1));
    return cut([...new Set(words)].join(' or '), LONGEST);
  }
  if (Array.isArray(schema.type)) return cut(schema.type.map(String).join(' or '), LONGEST);
  if (schema.type === 'array') {
    return isObject(schema.items)
      ? `array of ${formatType(root, resolved(root.schema, schema.items), depth + 1)}`
      : 'array';
  }
  return typeof schema.type === 'string' ? cut(schema.type, 40) : 'any';
}

const LIMIT_LABELS: [key: string, words: string][] = [
  ['format', 'format'],
  ['minimum', 'min'],
  ['maximum', 'max'],
  ['minLength', 'min length'],
  ['maxLength', 'max length'],
  ['minItems', 'min items'],
  ['maxItems', 'max items'],
  ['pattern', 'pattern'],
];

function notesOf(schema: Schema): string[] {
  const notes = 'default' in schema ? [`default ${cut(literal(schema.default), 80)}`] : [];
  for (const [key, words] of LIMIT_LABELS) {
    const value = schema[key];
    if (typeof value === 'string' || typeof value === 'number')
      notes.push(`${words} ${cut(String(value), 80)}`);
  }
  return notes;
}

/** Follows one local reference, but no chains and no remote ones. */
function resolved(root: Schema, schema: Schema): Schema {
  if (typeof schema.$ref !== 'string' || !schema.$ref.startsWith('#/')) return schema;
  let target: unknown = root;
  for (const part of schema.$ref.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    target = isObject(target) && Object.hasOwn(target, key) ? target[key] : undefined;
  }
  return isObject(target) ? target : schema;
}

function literal(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined';
}

function cut(text: string, longest: number): string {
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
