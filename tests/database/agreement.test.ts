// Schemas and database accept or reject each value alike, with one code and sentence; so do the constraints alone.
// Rows are written as PostgREST writes them: from JSON, as a signed-in user.
import { END_REASONS } from '@patchbay/shared/contract/end-reason';
import {
  AgentConfigInput,
  PROVIDERS,
  REASONING_EFFORTS,
  TURN_DETECTIONS,
  TURN_EAGERNESS,
  VOICES,
} from '@patchbay/shared/contract/schema/agent-config';
import { TOKEN_SCOPES } from '@patchbay/shared/contract/schema/api-token';
import { FIELD_CODES, FieldErrors, readFields } from '@patchbay/shared/contract/schema/fields';
import { NoticeWebhookBody } from '@patchbay/shared/contract/schema/functions';
import { NoticeKind } from '@patchbay/shared/contract/schema/notice';
import {
  AuthMethod,
  ConnectionStatus,
  CredentialScope,
  McpServerInput,
  ProtocolEra,
  TagName,
  Transport,
} from '@patchbay/shared/contract/schema/server';
import { ToolCallOutcome } from '@patchbay/shared/contract/schema/session';
import { ToolAccess } from '@patchbay/shared/contract/schema/tool';
import { InvitationInput, Role, WorkspaceInput } from '@patchbay/shared/contract/schema/workspace';
import fc from 'fast-check';
import postgres, { type Sql, type TransactionSql } from 'postgres';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { z } from 'zod';
import * as values from './agreement-values.ts';

type Row = Record<string, unknown>;
/** Null: accepted. `unreadable`: JSON or a PostgreSQL type can't hold the value, so no rule applies. */
type Verdict = { code: string; message: string } | 'unreadable' | null;

const RUNS = 100;

let sql: Sql;
let userId: string;
let workspaceId: string;

beforeAll(async () => {
  sql = postgres(inject('databaseUrl'), { max: 1, onnotice: () => undefined });
  const [user] = await sql<{ id: string }[]>`
    insert into auth.users (id, email) values (gen_random_uuid(), 'agreement@database.test') returning id`;
  userId = user!.id;
  const [workspace] = await sql<{ id: string }[]>`
    select id from public.workspaces where created_by = ${userId}`;
  workspaceId = workspace!.id;
});
afterAll(() => sql.end({ timeout: 2 }));

/** @returns null on success, otherwise the database's error */
async function attempt(
  before: string,
  statement: (tx: TransactionSql) => Promise<unknown>,
): Promise<postgres.PostgresError | null> {
  let isDone = false;
  try {
    await sql.begin(async (tx) => {
      await tx.unsafe(before);
      await statement(tx);
      isDone = true;
      await tx`rollback and chain`;
    });
    return null;
  } catch (error) {
    if (isDone || !(error instanceof postgres.PostgresError)) throw error;
    return error;
  }
}

const asUser = (): string =>
  `select set_config('request.jwt.claims', '{"sub": "${userId}", "role": "authenticated"}', true);
   set local role authenticated`;

function verdictOf(error: postgres.PostgresError | null, field: string): Verdict {
  if (error === null) return null;
  if (error.code.startsWith('22')) return 'unreadable';
  if (error.code !== 'PT400') throw error;
  const fields = FieldErrors.parse(JSON.parse(error.detail ?? ''));
  expect(Object.keys(fields)).toEqual([field]);
  return fields[field]![0]!;
}

function schemaVerdict(schema: z.ZodType, row: Row, field: string): Verdict {
  const read = readFields(schema, row);
  if (read.ok) return null;
  expect(Object.keys(read.fieldErrors)).toEqual([field]);
  return read.fieldErrors[field]![0]!;
}

/** Triggers change these before constraints see them. */
function tidied(value: unknown): unknown {
  if (typeof value === 'string') return value.trim();
  return Array.isArray(value) ? [...new Set(value.map(tidied))] : value;
}

/** The names are those of the tests below, so they need no quoting. */
const columnsOf = (row: Row): string => Object.keys(row).join(', ');

function insertOf(table: string, row: Row): (tx: TransactionSql) => Promise<unknown> {
  const columns = columnsOf(row);
  return (tx) =>
    tx.unsafe(
      `insert into public.${table} (${columns})
       select ${columns} from json_populate_record(null::public.${table}, $1::text::json)`,
      [JSON.stringify(row)],
    );
}

async function agree(
  { schema, row, field }: { schema: z.ZodType; row: Row; field: string },
  write: () => Promise<postgres.PostgresError | null>,
): Promise<void> {
  const ours = schemaVerdict(schema, row, field);
  const theirs = verdictOf(await write(), field);
  if (theirs === 'unreadable') expect(ours).not.toBeNull();
  else expect(theirs).toEqual(ours);
}

async function forAll<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: RUNS });
}

function describeTable(
  table: string,
  schema: z.ZodType,
  fitting: Row,
  fields: Record<string, fc.Arbitrary<unknown>>,
  filled: () => Row,
): void {
  describe(table, () => {
    it.each(Object.entries(fields))('%s', async (field, arbitrary) => {
      await forAll(arbitrary, async (value) => {
        const row = { ...fitting, [field]: value };
        await agree({ schema, row, field }, () => attempt(asUser(), insertOf(table, row)));
        // The trigger generates a slug for an empty one, and stores an empty model or language as null.
        if (['slug', 'model', 'language'].includes(field) && tidied(value) === '') return;
        const stored = { ...filled(), ...fitting, [field]: tidied(value) };
        const byConstraint = await attempt(
          'set local session_replication_role = replica',
          insertOf(table, stored),
        );
        if (byConstraint) expect(byConstraint.code).toMatch(/^(22|23514|23502)/);
        expect(byConstraint === null).toBe(schemaVerdict(schema, row, field) === null);
      });
    });
  });
}

describeTable(
  'mcp_servers',
  McpServerInput,
  { name: 'Some', url: 'https://some.example/mcp' },
  {
    name: values.texts(80),
    slug: values.slugs,
    url: values.addresses,
    description: values.texts(2000),
    transport: values.choices('auto', 'streamable_http', 'sse'),
    protocol_era: values.choices('auto', 'sessions', 'stateless'),
    auth_method: values.choices('none', 'api_key', 'bearer_token', 'oauth'),
    auth_header: values.headers,
    credential_scope: values.choices('workspace', 'member'),
    oauth_client_id: values.texts(500),
    position: values.positions,
    tags: values.tags,
    call_timeout_ms: values.wholeNumbers(1000, 300_000),
    max_concurrency: values.wholeNumbers(1, 64),
  },
  () => ({ workspace_id: workspaceId, position: 1, slug: 'some' }),
);

describeTable(
  'agent_configs',
  AgentConfigInput,
  { name: 'Some' },
  {
    name: values.texts(80),
    system_prompt: values.texts(20_000),
    voice_model: values.choices(...VOICES),
    temperature: values.wholeNumbers(0, 100),
    greeting: values.texts(1000),
    provider: values.choices(...PROVIDERS),
    model: values.models,
    reasoning_effort: values.choices(...REASONING_EFFORTS),
    turn_detection: values.choices(...TURN_DETECTIONS),
    turn_eagerness: values.choices(...TURN_EAGERNESS),
    language: values.languages,
  },
  () => ({ workspace_id: workspaceId }),
);

describeTable('workspaces', WorkspaceInput, {}, { name: values.texts(80) }, () => ({}));

it('metadata of a server, to the byte', async () => {
  await forAll(values.metadata, async ({ object, beyond }) => {
    let metadata: Row = object;
    if (beyond !== null) {
      metadata = { ...object, pad: '' };
      const text = JSON.stringify(metadata);
      const isReadable = (await attempt('select', (tx) => tx`select ${text}::text::jsonb`)) === null;
      if (!isReadable) return;
      const [size] = await sql<{ bytes: number }[]>`select octet_length(${text}::text::jsonb::text) as bytes`;
      metadata = { ...metadata, pad: 'x'.repeat(16_384 - size!.bytes + beyond) };
    }
    const row = { name: 'Some', url: 'https://some.example/mcp', metadata };
    await agree({ schema: McpServerInput, row, field: 'metadata' }, () =>
      attempt(asUser(), insertOf('mcp_servers', row)),
    );
    if (beyond !== null) {
      const verdict = schemaVerdict(McpServerInput, row, 'metadata');
      expect(verdict).toEqual(beyond > 0 ? expect.objectContaining({ code: 'too_long' }) : null);
    }
  });
});

describe('invitations', () => {
  const fields: Record<string, fc.Arbitrary<unknown>> = {
    role: values.choices('admin', 'member', 'viewer', 'owner'),
    email: values.emails,
    expires_in_hours: values.wholeNumbers(1, 720),
  };
  it.each(Object.entries(fields))('%s', async (field, arbitrary) => {
    await forAll(arbitrary, async (value) => {
      const row = { role: 'member', expires_in_hours: 24, [field]: value };
      await agree({ schema: InvitationInput, row, field }, () =>
        attempt(asUser(), (tx) =>
          tx.unsafe(
            `select public.create_invitation('${workspaceId}', x.role, x.email, x.expires_in_hours)
             from json_to_record($1::text::json) as x (role text, email text, expires_in_hours integer)`,
            [JSON.stringify(row)],
          ),
        ),
      );
    });
  });
});

it('the address of a webhook', async () => {
  await forAll(values.addresses, async (url) => {
    const row = { workspace_id: workspaceId, url };
    await agree({ schema: NoticeWebhookBody, row, field: 'url' }, () =>
      attempt('set local role service_role', (tx) =>
        tx.unsafe(
          `select public.put_notice_webhook(gen_random_uuid(), '${workspaceId}', $1::text::json ->> 'url', null)`,
          [JSON.stringify(row)],
        ),
      ),
    );
  });
});

it('a tag that is renamed to', async () => {
  await forAll(values.tag, async (new_tag) => {
    const row = { new_tag };
    await agree({ schema: z.object({ new_tag: TagName }), row, field: 'new_tag' }, () =>
      attempt(asUser(), (tx) =>
        tx.unsafe(`select public.rename_tag('${workspaceId}', 'old', $1::text::json ->> 'new_tag')`, [
          JSON.stringify(row),
        ]),
      ),
    );
  });
});

it.each([
  ['mcp_servers', McpServerInput, { name: null, url: 'https://some.example' }, 'name'],
  ['mcp_servers', McpServerInput, { name: 'Some' }, 'url'],
  ['agent_configs', AgentConfigInput, { greeting: 'Hello' }, 'name'],
  ['workspaces', WorkspaceInput, { name: null }, 'name'],
])('%s: what is missing is required', async (table, schema, row, field) => {
  await agree({ schema, row, field }, () => attempt(asUser(), insertOf(table, row)));
  expect(schemaVerdict(schema, row, field)).toMatchObject({ code: 'required' });
});

it.each<[string, readonly string[]]>([
  ['agent_configs_provider', PROVIDERS],
  ['agent_configs_turn_detection', TURN_DETECTIONS],
  ['agent_configs_turn_eagerness', TURN_EAGERNESS],
  ['agent_configs_voice', VOICES],
  ['api_tokens_scopes', TOKEN_SCOPES],
  ['mcp_servers_auth_method', AuthMethod.options],
  ['mcp_servers_connection_status', ConnectionStatus.options],
  ['mcp_servers_credential_scope', CredentialScope.options],
  ['mcp_servers_protocol_era', ProtocolEra.options],
  ['mcp_servers_transport', Transport.options],
  ['mcp_tools_access', ToolAccess.options],
  ['notices_kind', NoticeKind.options],
  ['tool_calls_outcome', ToolCallOutcome.options],
  ['voice_sessions_end_reason', END_REASONS],
  ['workspace_members_role', Role.options],
])('the constraint %s lists the values of the schema', async (constraint, options) => {
  const [row] = await sql<{ check: string }[]>`
    select pg_get_constraintdef(oid) as check from pg_constraint where conname = ${constraint}`;
  const values = [...row!.check.matchAll(/'([\w:]+)'/g)].map(([, value]) => value);
  expect(values.toSorted()).toEqual(options.toSorted());
});

it('the domain of field codes lists the codes of the schema', async () => {
  const [row] = await sql<{ check: string }[]>`
    select pg_get_constraintdef(oid) as check from pg_constraint where contypid = 'private.field_code'::regtype`;
  const codes = [...row!.check.matchAll(/'(\w+)'/g)].map(([, code]) => code);
  expect(codes).toEqual([...FIELD_CODES]);
});
