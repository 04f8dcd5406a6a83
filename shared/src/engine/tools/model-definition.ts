/** A tool as the voice model gets it: with short descriptions, and a schema in the shape that it takes. */
import type { CatalogTool } from '../../contract/schema/tool.ts';
import { withoutBinary } from '../calls/binary-text.ts';
import { schemaForModel } from './model-schema.ts';
import { isSchemaObject, type JsonSchema } from './schema-dialect.ts';
import { shorten } from '../calls/shorten.ts';
import { asData, DATA_END, DATA_START, unmarked, visibleText } from './untrusted-text.ts';

/** Longer descriptions cost tokens on every turn and add little; in UTF-16 units, with the marks of data. */
export const TOOL_DESCRIPTION_LIMIT = 1_024;
const DESCRIPTION_ROOM = TOOL_DESCRIPTION_LIMIT - DATA_START.length - DATA_END.length;
/** The same for the descriptions of parameters, at any depth. */
export const PARAMETER_DESCRIPTION_LIMIT = 300;

export interface ModelDefinition {
  name: string;
  /** Marked as data. */
  description: string;
  /** JSON Schema of the arguments; always an object schema. */
  parameters: JsonSchema;
}

type Described = Pick<CatalogTool, 'name' | 'title' | 'description' | 'input_schema'>;

/** @param name the name that the model knows, see naming */
export function modelDefinition(name: string, tool: Described): ModelDefinition {
  return {
    name,
    description: asData(shortText(tool.description || tool.title || tool.name, DESCRIPTION_ROOM)),
    parameters: schemaForModel(withShortDescriptions(tool.input_schema) as JsonSchema),
  };
}

/** Whether the model gets less of a tool's descriptions than its server gives. */
export function isShortened({ description, input_schema }: Described): boolean {
  if ((description?.length ?? 0) > DESCRIPTION_ROOM) return true;
  return JSON.stringify(withShortDescriptions(input_schema)) !== JSON.stringify(input_schema);
}

/** What is in these is a value, in which a description is nothing but one of its properties. */
const VALUES = new Set(['default', 'examples', 'enum', 'const']);
/** What is in these are schemas by names of the author's choice, which may be that of a keyword. */
const NAMED = new Set(['properties', 'patternProperties', 'dependentSchemas', '$defs', 'definitions']);

function withShortDescriptions(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withShortDescriptions);
  if (!isSchemaObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if ((key === 'description' || key === 'title') && typeof value === 'string')
        return [key, unmarked(shortText(value, PARAMETER_DESCRIPTION_LIMIT))];
      if (NAMED.has(key) && isSchemaObject(value)) return [key, mapValues(value, withShortDescriptions)];
      return [key, VALUES.has(key) ? value : withShortDescriptions(value)];
    }),
  );
}

function shortText(text: string, limit: number): string {
  return shorten(visibleText(withoutBinary(text)), limit);
}

function mapValues(object: Record<string, unknown>, change: (value: unknown) => unknown) {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}
