/** What is wrong with the arguments of a call, as one sentence without a schema path: what a model needs to mend them. */
import type { OutputUnit } from '@cfworker/json-schema';
import { isSchemaObject, type JsonSchema } from '../tools/schema-dialect.ts';

/** More at once is not read. */
const MAX_FAULTS = 4;
/** Findings of the validator that are compared, each with all others. */
const MAX_ERRORS = 200;
const MAX_VALUES = 12;
const MAX_DEPTH = 8;
/** Branches of a choice that one sentence lists. */
const MAX_BRANCHES = 100;
/** Of the sentence, in UTF-16 units. */
const MAX_LENGTH = 1_000;
/** They only say that something inside doesn't fit, which has its own finding. */
const WRAPPERS = new Set([
  'properties',
  'patternProperties',
  'propertyNames',
  'items',
  'prefixItems',
  'contains',
  'allOf',
  'if',
  '$ref',
  'dependentSchemas',
  'false',
]);
const CHOICES = new Set(['anyOf', 'oneOf', 'not']);
/** They refuse a value for what it is. */
const KINDS = new Set(['type', 'const', 'enum']);
const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

/** A place in the arguments where they do not fit, with what the schema says there. */
interface Fault {
  keyword: string;
  path: string[];
  value: unknown;
  schema: JsonSchema;
}

/**
 * @param errors of the validator, which doesn't stop at the first
 * @param schema in the dialect that `uniformSchema` writes, with its `$defs`
 */
export function faultSentence(errors: readonly OutputUnit[], schema: JsonSchema, args: unknown): string {
  const faults = withoutBranches(errors.slice(0, MAX_ERRORS)).flatMap((error) =>
    faultOf(error, schema, args),
  );
  const sentences = new Set<string>();
  for (const fault of faults) if (sentences.size < MAX_FAULTS) sentences.add(describeFault(fault, schema));
  const whole = [...sentences].join('; ') || 'the arguments do not fit the input schema of the tool';
  const shown = whole.length > MAX_LENGTH ? `${whole.slice(0, MAX_LENGTH).toWellFormed()}…` : whole;
  return `${shown.charAt(0).toUpperCase()}${shown.slice(1)}.`;
}

/**
 * Of a choice only that none of it fits: what each of the others would want is not what is wrong. Where the value is of
 * the kind that one of them takes, that one was meant.
 */
function withoutBranches(errors: readonly OutputUnit[]): OutputUnit[] {
  const left = new Set(errors.filter(({ keyword }) => !WRAPPERS.has(keyword)));
  for (const choice of errors.filter(({ keyword }) => CHOICES.has(keyword))) {
    const inside = errors.filter(({ keywordLocation }) =>
      keywordLocation.startsWith(`${choice.keywordLocation}/`),
    );
    const meant = meantBranch(inside, choice);
    for (const error of inside) if (branchOf(error, choice) !== meant) left.delete(error);
    if (meant !== null) left.delete(choice);
  }
  return [...left];
}

/** The only branch that does not refuse the value for what it is; null when there is none, or more. */
function meantBranch(inside: readonly OutputUnit[], choice: OutputUnit): string | null {
  const refused = inside.filter(
    ({ keyword, instanceLocation }) => KINDS.has(keyword) && instanceLocation === choice.instanceLocation,
  );
  const refusing = new Set(refused.map((error) => branchOf(error, choice)));
  const meant = new Set(
    inside.map((error) => branchOf(error, choice)).filter((branch) => !refusing.has(branch)),
  );
  const [only] = meant;
  return meant.size === 1 && only !== undefined ? only : null;
}

function branchOf({ keywordLocation }: OutputUnit, choice: OutputUnit): string {
  return keywordLocation.slice(choice.keywordLocation.length + 1).split('/')[0] ?? '';
}

function faultOf(
  { keyword, keywordLocation, instanceLocation }: OutputUnit,
  root: JsonSchema,
  args: unknown,
): Fault[] {
  const path = partsOf(instanceLocation);
  const schema = schemaAt(partsOf(keywordLocation).slice(0, -1), root);
  const value = path.reduce<unknown>((one, part) => (one as JsonSchema | null | undefined)?.[part], args);
  const isClosed = keyword === 'additionalProperties' || keyword === 'unevaluatedProperties';
  if (isClosed && schema[keyword] !== false) return [];
  return [{ keyword, path, value, schema }];
}

function schemaAt(parts: string[], root: JsonSchema): JsonSchema {
  let place: unknown = root;
  for (const part of parts) {
    if (!isSchemaObject(place) && !Array.isArray(place)) return {};
    const next: unknown = (place as JsonSchema)[part];
    place = part === '$ref' && typeof next === 'string' ? targetOf(next, root) : next;
  }
  return isSchemaObject(place) ? place : {};
}

function targetOf(reference: string, { $defs }: JsonSchema): unknown {
  return isSchemaObject($defs) ? $defs[reference.replace('#/$defs/', '')] : undefined;
}

/** The parts of a location such as `#/filter/name`, as the validator writes it. */
function partsOf(location: string): string[] {
  return location
    .split('/')
    .slice(1)
    .map((part) => decodeURI(part).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function describeFault({ keyword, path, value, schema }: Fault, root: JsonSchema): string {
  const name = path.length > 0 ? `the argument "${path.join('.')}"` : 'the set of arguments';
  const limit = schema[keyword];
  switch (keyword) {
    case 'required':
      return missing(
        namesOf(schema.required).filter((one) => !has(value, one)),
        path,
        schema,
        root,
      );
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return unknown(path, value, schema);
    case 'dependentRequired':
      return `${name} lacks what its other arguments need`;
    case 'minimum':
      return `${name} must be at least ${String(limit)}`;
    case 'maximum':
      return `${name} must be at most ${String(limit)}`;
    case 'exclusiveMinimum':
      return `${name} must be more than ${String(limit)}`;
    case 'exclusiveMaximum':
      return `${name} must be less than ${String(limit)}`;
    case 'multipleOf':
      return `${name} must be a multiple of ${String(limit)}`;
    case 'minLength':
      return `${name} must have at least ${String(limit)} characters`;
    case 'maxLength':
      return `${name} must have at most ${String(limit)} characters`;
    case 'minItems':
      return `${name} must have at least ${String(limit)} elements`;
    case 'maxItems':
      return `${name} must have at most ${String(limit)} elements`;
    case 'uniqueItems':
      return `${name} must not have the same element twice`;
    case 'format':
      return `${name} must be a valid ${String(limit)}`;
    case 'minProperties':
      return `${name} must have at least ${String(limit)} entries`;
    case 'maxProperties':
      return `${name} must have at most ${String(limit)} entries`;
    case 'anyOf':
    case 'oneOf':
      return path.length > 0 ? wanted(name, value, schema, root) : choice(schema[keyword], keyword);
    case 'type':
    case 'enum':
    case 'const':
      return wanted(name, value, schema, root);
    default:
      return `${name} has a value that is not allowed`;
  }
}

function wanted(name: string, value: unknown, schema: JsonSchema, root: JsonSchema): string {
  const allowed = allowedBy(schema, root);
  if (allowed === given(value)) return `${name} is ${allowed}, but fits none of its choices`;
  return allowed
    ? `${name} must be ${allowed}, not ${given(value)}`
    : `${name} has a value that is not allowed`;
}

function missing(names: string[], path: string[], schema: JsonSchema, root: JsonSchema): string {
  const described = names.slice(0, MAX_VALUES).map((name) => {
    const properties = isSchemaObject(schema.properties) ? schema.properties : {};
    const allowed = allowedBy(properties[name], root);
    return `"${[...path, name].join('.')}"${allowed ? ` (${allowed})` : ''}`;
  });
  return `the required ${plural('argument', names)} ${listed(described)} ${names.length === 1 ? 'is' : 'are'} missing`;
}

function unknown(path: string[], value: unknown, { properties }: JsonSchema): string {
  const known = isSchemaObject(properties) ? Object.keys(properties) : [];
  const others = Object.keys(isSchemaObject(value) ? value : {}).filter((one) => !known.includes(one));
  const names = others.slice(0, MAX_VALUES).map((one) => `"${[...path, one].join('.')}"`);
  const takes =
    known.length > 0
      ? `only ${listed(known.slice(0, MAX_VALUES).map((one) => `"${one}"`))} can be given`
      : 'none can be given';
  return `there is no ${plural('argument', names)} ${listed(names)}: ${takes}`;
}

/** Sets of arguments, of which one must be there. */
function choice(branches: unknown, keyword: string): string {
  const sets = (Array.isArray(branches) ? branches.slice(0, MAX_VALUES) : [])
    .map((branch) => namesOf(isSchemaObject(branch) ? branch.required : []))
    .filter((names) => names.length > 0)
    .map((names) => listed(names.map((name) => `"${name}"`)));
  const amount = keyword === 'oneOf' ? 'exactly one' : 'at least one';
  if (sets.length === 0) return 'the arguments do not fit any of the sets that the tool takes';
  return `${amount} of these sets of arguments must be given: ${sets.join(', or ')}`;
}

/** Describes what a value may be; empty when the schema does not say. */
function allowedBy(schema: unknown, root: JsonSchema): string {
  let left = MAX_BRANCHES;
  const allowed = (one: unknown, depth: number): string => {
    left -= 1;
    if (!isSchemaObject(one) || depth > MAX_DEPTH || left < 0) return '';
    if ('const' in one) return JSON.stringify(one.const);
    if (Array.isArray(one.enum)) return describeValues(one.enum);
    if (typeof one.$ref === 'string') return allowed(targetOf(one.$ref, root), depth + 1);
    const choices = [one.anyOf, one.oneOf].find(Array.isArray);
    const descriptions = choices
      ? choices.slice(0, MAX_BRANCHES).map((branch) => allowed(branch, depth + 1))
      : [one.type].flat().map((type) => TYPES[String(type)] ?? '');
    return [...new Set(descriptions)].filter(Boolean).join(' or ');
  };
  return allowed(schema, 0);
}

function describeValues(values: unknown[]): string {
  const shown = values.slice(0, MAX_VALUES).map((value) => JSON.stringify(value));
  if (values.length > MAX_VALUES) return `one of ${shown.join(', ')} and ${values.length - MAX_VALUES} more`;
  return shown.length === 1
    ? String(shown[0])
    : `one of ${shown.slice(0, -1).join(', ')} or ${String(shown.at(-1))}`;
}

function given(value: unknown): string {
  if (value === undefined) return 'left out';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return JSON.stringify(value).slice(0, 60);
}

function listed(names: string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${String(names.at(-1))}`;
}

function plural(noun: string, { length }: unknown[]): string {
  return length === 1 ? noun : `${noun}s`;
}

function namesOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
}

function has(value: unknown, name: string): boolean {
  return isSchemaObject(value) && Object.hasOwn(value, name);
}
