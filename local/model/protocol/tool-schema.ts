export interface Param {
  name: string;
  required: boolean;
  type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object';
  /** Closed list: no other value is valid. */
  choices: unknown[];
  /** Open list, from `examples`. */
  examples: unknown[];
  constant?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  description: string;
  items?: Param;
  properties: Param[];
}

const TYPES: unknown[] = ['string', 'number', 'integer', 'boolean', 'array', 'object', 'null'];

/**
 * Why the API would refuse these parameters.
 *
 * @returns a clause for the error message, or undefined when they are fine
 */
export function schemaFault(parameters: Record<string, unknown> | undefined): string | undefined {
  if (parameters === undefined) return undefined;
  if (parameters['type'] !== 'object') {
    return `schema must be a JSON Schema of 'type: "object"', got 'type: ${JSON.stringify(parameters['type'] ?? 'None')}'.`;
  }
  return faultIn(parameters, []);
}

function faultIn(schema: unknown, context: string[]): string | undefined {
  const where = `In context=(${context.map((step) => `'${step}'`).join(', ')}), `;
  if (typeof schema === 'boolean') return undefined;
  if (!isRecord(schema)) return `${where}schema must be an object or a boolean.`;
  const types: unknown[] = [schema['type'] ?? []].flat();
  const odd = types.find((type) => !TYPES.includes(type));
  if (odd !== undefined) return `${where}${JSON.stringify(odd)} is not valid under any of the given schemas.`;
  if (types.includes('array') && !('items' in schema) && !('prefixItems' in schema)) {
    return `${where}array schema missing items.`;
  }
  const { required, properties } = schema;
  if ('enum' in schema && (!Array.isArray(schema['enum']) || schema['enum'].length === 0)) {
    return `${where}enum must be a non-empty array.`;
  }
  if (
    required !== undefined &&
    !(Array.isArray(required) && required.every((name) => typeof name === 'string'))
  ) {
    return `${where}required must be an array of strings.`;
  }
  if (properties !== undefined && !isRecord(properties)) return `${where}properties must be an object.`;
  for (const [name, inner] of Object.entries(properties ?? {})) {
    const fault = faultIn(inner, [...context, 'properties', name]);
    if (fault) return fault;
  }
  if ('items' in schema && !Array.isArray(schema['items']))
    return faultIn(schema['items'], [...context, 'items']);
  return undefined;
}

/** The parameters of a tool, required ones first, each in the order of the schema. */
export function paramsOf(parameters: Record<string, unknown> | undefined): Param[] {
  return parameters ? propertiesOf(parameters, parameters, 0) : [];
}

function propertiesOf(
  schema: Record<string, unknown>,
  root: Record<string, unknown>,
  depth: number,
): Param[] {
  const { properties } = schema;
  if (!isRecord(properties) || depth > MOST_DEPTH) return [];
  const required: unknown[] = Array.isArray(schema['required']) ? schema['required'] : [];
  const all = Object.entries(properties).map(([name, inner]) =>
    paramOf(name, inner, required.includes(name), root, depth),
  );
  return [...all.filter((param) => param.required), ...all.filter((param) => !param.required)];
}

const MOST_DEPTH = 6; // schemas may refer to themselves

function paramOf(
  name: string,
  raw: unknown,
  required: boolean,
  root: Record<string, unknown>,
  depth: number,
): Param {
  const schema = resolve(raw, root, 0);
  const choices: unknown[] = Array.isArray(schema['enum'])
    ? schema['enum'].filter((value) => value !== null)
    : [];
  const type = typeOf(schema, choices);
  return {
    name,
    required,
    type,
    choices,
    examples: Array.isArray(schema['examples']) ? (schema['examples'] as unknown[]) : [],
    constant: schema['const'],
    default: schema['default'],
    minimum: numberIn(schema, 'minimum'),
    maximum: numberIn(schema, 'maximum'),
    description: typeof schema['description'] === 'string' ? schema['description'] : '',
    items:
      type === 'array' && depth < MOST_DEPTH
        ? paramOf(name, schema['items'], false, root, depth + 1)
        : undefined,
    properties: type === 'object' ? propertiesOf(schema, root, depth + 1) : [],
  };
}

/** Follows local references; of `anyOf` and `oneOf`, takes the first branch that isn't null. */
function resolve(raw: unknown, root: Record<string, unknown>, hops: number): Record<string, unknown> {
  if (!isRecord(raw) || hops > MOST_DEPTH) return {};
  const reference = raw['$ref'];
  if (typeof reference === 'string' && reference.startsWith('#/')) {
    let target: unknown = root;
    for (const step of reference.slice(2).split('/')) target = isRecord(target) ? target[step] : undefined;
    return { ...resolve(target, root, hops + 1), ...raw };
  }
  const branches: unknown[] =
    [raw['anyOf'], raw['oneOf'], raw['allOf']].find((one) => Array.isArray(one)) ?? [];
  const branch = branches.find((one) => isRecord(one) && one['type'] !== 'null');
  return isRecord(branch) ? { ...resolve(branch, root, hops + 1), ...raw } : raw;
}

function typeOf(schema: Record<string, unknown>, choices: unknown[]): Param['type'] {
  const types: unknown[] = [schema['type'] ?? []].flat();
  const named = types.find((type) => type !== 'null' && TYPES.includes(type));
  if (named !== undefined) return named as Param['type']; // checked against TYPES in the line above
  if ('properties' in schema) return 'object';
  if ('items' in schema) return 'array';
  const sample = choices[0] ?? schema['const'];
  if (typeof sample === 'number') return 'number';
  return typeof sample === 'boolean' ? 'boolean' : 'string';
}

function numberIn(schema: Record<string, unknown>, key: string): number | undefined {
  const value = schema[key];
  return typeof value === 'number' ? value : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
