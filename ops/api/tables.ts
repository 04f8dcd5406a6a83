import type { Catalog, Column, Procedure, Table } from './catalog.ts';
import { ANY_REFUSAL, json, ref, security, type Json } from './parts.ts';

export type Descriptions = Map<string, string>;

const TYPES: Record<string, Json> = {
  uuid: { type: 'string', format: 'uuid' },
  text: { type: 'string' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  bigint: { type: 'integer' },
  smallint: { type: 'integer' },
  'double precision': { type: 'number' },
  numeric: { type: 'number' },
  jsonb: {},
  'timestamp with time zone': { type: 'string', format: 'date-time' },
};

/** @throws Error for a type that is not known here */
function typeSchema(type: string): Json {
  if (type.endsWith('[]')) return { type: 'array', items: typeSchema(type.slice(0, -2)) };
  const known = TYPES[type];
  if (!known) throw new Error(`No JSON Schema type is known for ${type}.`);
  return known;
}

function columnSchema({ type, is_nullable: isNullable, choices }: Column): Json {
  const plain = typeSchema(type);
  const isList = type.endsWith('[]');
  const chosen = choices === null ? plain : { type: 'string', enum: choices };
  const schema = isList && choices !== null ? { type: 'array', items: chosen } : chosen;
  if (!isNullable || !('type' in schema)) return schema;
  return {
    ...schema,
    type: [schema['type'], 'null'],
    ...('enum' in schema && { enum: [...(choices ?? []), null] }),
  };
}

function objectOf(columns: Column[], required: Column[]): Json {
  const names = required.map(({ name }) => name);
  return {
    type: 'object',
    ...(names.length > 0 && { required: names }),
    properties: Object.fromEntries(columns.map((column) => [column.name, columnSchema(column)])),
  };
}

/** The row that is read, and what may be written of it. */
export function tableSchemas({ tables }: Catalog): Json {
  return Object.fromEntries(
    tables.flatMap(({ name, columns, user }) => {
      const seen = columns.filter((column) => column.user.see);
      const added = columns.filter((column) => column.user.add);
      const changed = columns.filter((column) => column.user.change);
      const needed = added.filter(
        (column) => !column.is_nullable && !column.has_default && !FILLED.includes(column.name),
      );
      return [
        [name, objectOf(seen, seen)],
        ...(user.add ? [[`${name}.new`, objectOf(added, needed)]] : []),
        ...(user.change ? [[`${name}.change`, objectOf(changed, [])]] : []),
      ] as [string, Json][];
    }),
  );
}

/** Set by a trigger if an insert omits it. */
const FILLED = ['position'];
const ROW_FILTERS = ['filter', 'select'].map((name) => ref('parameters', name));
const WRITING = [...ROW_FILTERS, ref('parameters', 'prefer')];
const DONE = { description: 'Done; the rows, where they were asked for.' };

/** A path for each table, with the operations that a role may have. */
export function tablePaths({ tables }: Catalog, descriptions: Descriptions): Json {
  return Object.fromEntries(
    tables.map((table) => [`/rest/v1/${table.name}`, operationsOf(table, descriptions)]),
  );
}

function operationsOf({ name, user, token }: Table, descriptions: Descriptions): Json {
  const rows = json({ type: 'array', items: ref('schemas', name) });
  const scope = [name.startsWith('agent_') ? 'agents:write' : 'servers:write'];
  const operation = (verb: string, isForTokens: boolean, scopes: string[], more: Json): Json => ({
    tags: [name],
    operationId: `${verb}_${name}`,
    security: security(isForTokens ? scopes : null),
    ...more,
  });
  const body = (schema: string): Json => ({ required: true, content: json(ref('schemas', schema)) });
  const written = { ...DONE, content: rows };
  const about = descriptions.get(name);
  return {
    ...(about !== undefined && { description: `One row is ${about}.` }),
    get: operation('list', token.see, [], {
      parameters: [...ROW_FILTERS, ...['order', 'limit', 'offset'].map((one) => ref('parameters', one))],
      responses: { 200: { description: 'The rows that the caller may see.', content: rows }, ...ANY_REFUSAL },
    }),
    ...(user.add && {
      post: operation('add', token.add, scope, {
        parameters: [ref('parameters', 'select'), ref('parameters', 'prefer')],
        requestBody: body(`${name}.new`),
        responses: { 201: written, ...ANY_REFUSAL },
      }),
    }),
    ...(user.change && {
      patch: operation('change', token.change, scope, {
        parameters: WRITING,
        requestBody: body(`${name}.change`),
        responses: { 200: written, 204: DONE, ...ANY_REFUSAL },
      }),
    }),
    ...(user.remove && {
      delete: operation('remove', token.remove, scope, {
        parameters: WRITING,
        responses: { 200: written, 204: DONE, ...ANY_REFUSAL },
      }),
    }),
  };
}

/** A path for each function of the database. */
export function procedurePaths({ procedures }: Catalog, descriptions: Descriptions): Json {
  return Object.fromEntries(
    procedures.map((procedure) => [
      `/rest/v1/rpc/${procedure.name}`,
      { post: procedureOperation(procedure, descriptions.get(procedure.name)) },
    ]),
  );
}

function procedureOperation(procedure: Procedure, description: string | undefined): Json {
  const { name, arguments: args, is_for_tokens: isForTokens } = procedure;
  const required = args.filter((argument) => !argument.has_default).map((argument) => argument.name);
  const scopes = name === 'server_history' ? [] : ['servers:write'];
  return {
    tags: ['rpc'],
    operationId: name,
    ...(description !== undefined && { description }),
    security: security(isForTokens ? scopes : null),
    requestBody: {
      required: required.length > 0,
      content: json({
        type: 'object',
        ...(required.length > 0 && { required }),
        properties: propertiesOf(args),
      }),
    },
    responses: {
      ...answerOf(procedure),
      ...ANY_REFUSAL,
    },
  };
}

function answerOf({ returns, columns }: Procedure): Json {
  if (returns === 'void') return { 204: { description: 'Done.' } };
  const rows = { type: 'array', items: { type: 'object', properties: propertiesOf(columns) } };
  return {
    200: { description: 'The answer.', content: json(returns === null ? rows : typeSchema(returns)) },
  };
}

function propertiesOf(list: { name: string; type: string }[]): Json {
  return Object.fromEntries(list.map(({ name, type }) => [name, typeSchema(type)]));
}
