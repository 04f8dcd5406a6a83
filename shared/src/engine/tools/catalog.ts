/** The tools of a server: read leniently one by one, fingerprinted, compared. */
import { createHash } from 'node:crypto';
import { canonicalJson } from '../../contract/json/canonical-json.ts';
import { inTurns } from '../in-turns.ts';
import { isDeeperThan } from '../../contract/json/json-depth.ts';
import { isJsonObject, type JsonObject } from '../../contract/json/json-object.ts';
import type { SkippedTool } from '../../contract/schema/skipped-tool.ts';
import type { CatalogTool, ToolAnnotations } from '../../contract/schema/tool.ts';
import { isStorable, storable } from '../../contract/json/storable.ts';
import { STORAGE_LIMITS, firstBytes, jsonBytes } from '../../contract/json/stored-size.ts';
import { booleanOf } from '../messages/boolean-of.ts';
import { tryConversion } from './model-schema.ts';
import { withoutNullKeywords } from '../messages/null-keywords.ts';

export type { CatalogTool } from '../../contract/schema/tool.ts';

/** The tools of a server, and those that were left out with the reason. */
export interface Catalog {
  tools: CatalogTool[];
  skipped: SkippedTool[];
  /** What was odd about the list as a whole, as a sentence for the user. */
  note?: string | null;
}

/** Names of the tools that came, changed their fingerprint, or went. */
export interface CatalogDiff {
  added: string[];
  changed: string[];
  removed: string[];
}

/** No honest tool is nested deeper; what is, breaks those who look into it. */
const MAX_DEPTH = 100;
/** What the database stores; one name beyond it must not cost the whole catalog. */
const MAX_NAME_LENGTH = 256;
/** Skipped tools that are reported; a list may have millions of invalid elements. */
const MAX_SKIPPED = 1_000;
const TOO_LARGE = `Its schemas have more than ${STORAGE_LIMITS.schemas / 1024} KB.`;
const TOO_DEEP = 'The tool is nested too deeply.';
/** How much of a list is read before others get a turn: a few milliseconds. */
const CHARACTERS_PER_TURN = 50_000;
/** What a unit of work on a schema takes, in the time for characters. */
const CHARACTERS_PER_UNIT = 10;

/** Hints that only warn are also read as text or number; what may loosen something has to be a boolean. */
const WARNINGS = new Set(['destructiveHint', 'openWorldHint']);
const ALLOWANCES = new Set(['readOnlyHint', 'idempotentHint']);

/** Finds what is wrong with the schema of a tool's arguments; null when nothing is. */
type SchemaCheck = (inputSchema: JsonObject) => string | null;

/** Makes a catalog of the raw elements of `tools/list`, skipping bad ones; yields to other work during a long list. */
export async function readCatalog(rawTools: readonly unknown[], faultOf: SchemaCheck): Promise<Catalog> {
  const reading = new Reading(faultOf);
  await inTurns(rawTools, (raw) => reading.add(raw), CHARACTERS_PER_TURN);
  return reading.catalog;
}

class Reading {
  readonly #tools = new Map<string, CatalogTool>();
  readonly #skipped: Catalog['skipped'] = [];
  readonly #faultOf: SchemaCheck;

  constructor(faultOf: SchemaCheck) {
    this.#faultOf = faultOf;
  }

  get catalog(): Catalog {
    return { tools: [...this.#tools.values()], skipped: this.#skipped };
  }

  /** @returns the work that it was, in characters */
  add(raw: unknown): number {
    const { tool, work } = readAnyTool(raw, this.#faultOf);
    if ('reason' in tool) this.#skip(tool);
    else if (this.#tools.has(tool.name)) this.#skip({ name: tool.name, reason: 'The name is used twice.' });
    else this.#tools.set(tool.name, tool);
    return work;
  }

  #skip(tool: SkippedTool): void {
    if (this.#skipped.length < MAX_SKIPPED) this.#skipped.push(tool);
  }
}

interface ReadTool {
  tool: CatalogTool | SkippedTool;
  /** What it took to read, in characters of JSON. */
  work: number;
}

const left = (name: string, reason: string, work = 1): ReadTool => ({ tool: { name, reason }, work });

/** A tool that we fail to read costs no other. */
function readAnyTool(raw: unknown, faultOf: SchemaCheck): ReadTool {
  try {
    return readTool(raw, faultOf);
  } catch {
    return left('', "The tool can't be read.");
  }
}

function readTool(raw: unknown, faultOf: SchemaCheck): ReadTool {
  if (!isJsonObject(raw)) return left('', 'The tool is not an object.');
  if (typeof raw.name !== 'string' || raw.name === '') return left('', 'The tool has no name.');
  const { name } = raw;
  if (name.length > MAX_NAME_LENGTH) {
    return left(`${name.slice(0, 40)}…`, `The name has more than ${MAX_NAME_LENGTH} characters.`);
  }
  if (!isStorable(name)) return left('', "The name has characters that can't be used.");
  const { title, description, outputSchema } = raw;
  if (isDeeperThan([raw.inputSchema, raw.input_schema, outputSchema], MAX_DEPTH)) return left(name, TOO_DEEP);
  const inputSchema = inputSchemaOf(raw);
  if (typeof inputSchema === 'string') return left(name, inputSchema);
  const schemas = {
    input_schema: inputSchema,
    ...(isJsonObject(outputSchema) && { output_schema: outputSchema }),
  };
  const bytes = jsonBytes(schemas.input_schema) + jsonBytes(schemas.output_schema);
  if (bytes > STORAGE_LIMITS.schemas) return left(name, TOO_LARGE, bytes);
  const conversion = tryConversion(inputSchema);
  const work = bytes + conversion.work * CHARACTERS_PER_UNIT;
  const fault = conversion.fault ?? faultOf(inputSchema);
  if (fault !== null) return left(name, fault, work);
  const annotations = annotationsOf(raw.annotations);
  const tool = {
    name,
    ...(typeof title === 'string' && { title: firstBytes(title, STORAGE_LIMITS.title) }),
    ...(typeof description === 'string' && {
      description: firstBytes(description, STORAGE_LIMITS.description),
    }),
    ...schemas,
    ...(annotations && { annotations }),
  };
  const stored = storable(tool);
  return { tool: { ...stored, fingerprint: fingerprint(stored) }, work };
}

/** The schema of the arguments, or why it cannot be used. A tool without one, or with `true`, takes none, or any. */
function inputSchemaOf({ inputSchema, input_schema }: JsonObject): JsonObject | string {
  const given = inputSchema ?? input_schema;
  // PHP writes an empty object as an empty list.
  const isEmpty = typeof given === 'boolean' || (Array.isArray(given) && given.length === 0);
  if (given === null || given === undefined || isEmpty) return { type: 'object', properties: {} };
  if (!isJsonObject(given)) return 'The input schema is not an object.';
  const schema = withoutNullKeywords(given);
  const types = [schema.type ?? 'object']
    .flat()
    .map((type) => (typeof type === 'string' ? type.toLowerCase() : type));
  if (!types.includes('object')) return 'The input schema does not describe an object.';
  return { ...schema, type: 'object' };
}

/** Each hint is read by itself: a bad one costs no other. */
function annotationsOf(raw: unknown): ToolAnnotations | null {
  if (!isJsonObject(raw)) return null;
  const entries = Object.entries(raw).flatMap(([key, value]) => {
    let read = value;
    if (WARNINGS.has(key)) read = booleanOf(value);
    else if (ALLOWANCES.has(key)) read = typeof value === 'boolean' ? value : null;
    else if (key === 'title' && typeof value !== 'string') read = null;
    return read === null || read === undefined ? [] : [[key, read] as const];
  });
  const annotations: ToolAnnotations = Object.fromEntries(entries);
  const isSmall =
    !isDeeperThan(annotations, MAX_DEPTH) && jsonBytes(annotations) <= STORAGE_LIMITS.annotations;
  const isHint = (key: string) => WARNINGS.has(key) || ALLOWANCES.has(key);
  return isSmall ? annotations : Object.fromEntries(entries.filter(([key]) => isHint(key)));
}

/**
 * SHA-256 (hex) over what a tool promises: name, title, description, schemas, annotations. The order of
 * keys does not matter; absent and null are the same.
 */
export function fingerprint(tool: Omit<CatalogTool, 'fingerprint'>): string {
  const { name, title, description, input_schema, output_schema, annotations } = tool;
  const parts = [name, title, description, input_schema, output_schema, annotations];
  return createHash('sha256')
    .update(canonicalJson(parts.map((part) => part ?? null)))
    .digest('hex');
}

/** Compares two lists of tools by name and fingerprint. */
export function diffCatalog(
  before: readonly Pick<CatalogTool, 'name' | 'fingerprint'>[],
  after: readonly Pick<CatalogTool, 'name' | 'fingerprint'>[],
): CatalogDiff {
  const old = new Map(before.map(({ name, fingerprint: print }) => [name, print]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !old.has(name)).map(({ name }) => name),
    changed: after
      .filter((tool) => old.has(tool.name) && old.get(tool.name) !== tool.fingerprint)
      .map(({ name }) => name),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
  };
}

/** Whether anything in a list differs from the one before; the reasons for which tools were left out do not count. */
export function hasChanged(before: Catalog, after: Catalog): boolean {
  const { added, changed, removed } = diffCatalog(before.tools, after.tools);
  const isOther = added.length + changed.length + removed.length > 0;
  return (
    isOther ||
    before.skipped.length !== after.skipped.length ||
    (before.note ?? null) !== (after.note ?? null)
  );
}
