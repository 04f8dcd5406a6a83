import assert from 'node:assert/strict';
import { AppError } from '../../../shared/src/contract/errors.ts';
import type { CallOptions, ConnectionFacts } from '../../../shared/src/engine/session/connection.ts';
import { readResult } from '../../../shared/src/engine/calls/result.ts';
import type { ServerTarget } from '../../../shared/src/engine/session/target.ts';
import type { CallToolAnswer } from '../../../shared/src/contract/schema/functions.ts';
import type {
  ProbeServer,
  StatusObservation,
  StoredTool,
} from '../../../shared/src/contract/schema/snapshot.ts';
import type { Role } from '../../../shared/src/contract/schema/workspace.ts';
import type { HandMadeCall } from '../_shared/database.ts';
import { fakeDatabase, keys, SECRET, SERVER_ID, storedServer } from '../_shared/fixtures.ts';
import { handle } from './handle.ts';
import { assertMatches } from '../_shared/testing/assert-matches.ts';

const addNote: StoredTool = {
  name: 'add_note',
  input_schema: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] },
  fingerprint: 'f',
  is_enabled: true,
  is_pinned: false,
  cache_ttl_seconds: null,
  access: null,
};

const facts: ConnectionFacts = {
  protocolVersion: '2025-11-25',
  era: 'legacy',
  serverInfo: { name: 'notes' },
  capabilities: { tools: {} },
  instructions: null,
  latencyMs: 12,
  lastReadyAtMs: null,
};

type Call = (
  tool: string,
  args: Record<string, unknown>,
  options?: CallOptions,
) => Promise<ReturnType<typeof readResult>>;
const noted: Call = () => Promise.resolve(readResult({ content: [{ type: 'text', text: 'Noted.' }] }));

async function callTool({
  role = 'member',
  server = {},
  call = noted,
  tool = 'add_note',
  args = { text: 'milk' },
  signal = new AbortController().signal,
}: {
  role?: Role | null;
  server?: Partial<ProbeServer>;
  call?: Call;
  tool?: string;
  args?: Record<string, unknown>;
  signal?: AbortSignal;
} = {}) {
  const recorded: HandMadeCall[] = [];
  const reported: StatusObservation[] = [];
  const events: object[] = [];
  const targets: ServerTarget[] = [];
  let isClosed = false;
  const stored = await storedServer({ tools: [addNote], ...server });
  const answer = await handle(
    { server_id: SERVER_ID, tool, arguments: args },
    {
      database: {
        ...fakeDatabase(stored, { role }),
        recordCall: (one) => Promise.resolve(void recorded.push(one)),
        reportStatus: (one) => Promise.resolve(void reported.push(one)),
      },
      caller: { tell: (event) => void events.push(event), signal },
      openConnection: (target: ServerTarget) => {
        targets.push(target);
        return { call, facts, close: () => Promise.resolve(void (isClosed = true)) };
      },
      policy: 'local',
      readKeys: () => keys,
      onFault: (error) => {
        throw error;
      },
      now: () => 1000,
    },
  );
  return {
    status: answer.status,
    body: answer.body as CallToolAnswer,
    recorded,
    reported,
    events,
    targets,
    isClosed,
  };
}

Deno.test(
  'a member calls a tool with the stored credential, and the call is recorded without a session',
  async () => {
    const { status, body, recorded, targets, isClosed } = await callTool();
    assert.equal(status, 200);
    assertMatches(body, { ok: true, outcome: 'ok', text: 'Noted.' });
    assert.deepEqual(targets[0]?.credential, { method: 'api_key', header: 'X-API-Key', secret: SECRET });
    assert.equal(recorded.length, 1);
    assertMatches(recorded[0], {
      tool_name: 'add_note',
      outcome: 'ok',
      server_id: SERVER_ID,
    });
    assert.ok(isClosed);
  },
);

Deno.test('progress is streamed, and a failure of the tool itself is a result', async () => {
  const { body, events } = await callTool({
    call: (_tool, _args, options) => {
      options?.onProgress?.({ progress: 1, total: 2 });
      return Promise.resolve(readResult({ isError: true, content: [{ type: 'text', text: 'No paper.' }] }));
    },
  });
  assert.deepEqual(events, [{ type: 'calling' }, { type: 'progress', progress: 1, total: 2 }]);
  assertMatches(body, { ok: true, outcome: 'tool_error', text: 'No paper.' });
});

Deno.test('a long progress message is cut to its beginning', async () => {
  const { events } = await callTool({
    call: (_tool, _args, options) => {
      options?.onProgress?.({ progress: 1, message: 'x'.repeat(1_000_000) });
      return noted('add_note', {});
    },
  });
  assertMatches(events[1], { type: 'progress', progress: 1, message: 'x'.repeat(200) });
});

Deno.test('nulls of optional arguments are not sent, and a fault is explained in one sentence', async () => {
  const given: unknown[] = [];
  const call: Call = (_tool, args) => {
    given.push(args);
    return noted('add_note', args);
  };
  const tools = [
    {
      ...addNote,
      input_schema: {
        ...addNote.input_schema,
        properties: { text: { type: 'string' }, folder: { type: 'string' } },
      },
    },
  ];
  await callTool({ call, server: { tools }, args: { text: 'milk', folder: null } });
  assert.deepEqual(given, [{ text: 'milk' }]);
  const { body } = await callTool({ call, server: { tools }, args: { folder: 'x' } });
  assertMatches(body, {
    ok: false,
    code: 'invalid_arguments',
    message: 'The required argument "text" (text) is missing.',
  });
});

Deno.test('what was only for the user is in its text, without data that nobody can read', async () => {
  const png = `iVBORw0KGgo${'A'.repeat(400)}`;
  const { body } = await callTool({
    call: () =>
      Promise.resolve(
        readResult({
          content: [
            { type: 'text', text: 'Your code is 7.', annotations: { audience: ['user'] } },
            { type: 'text', text: png },
          ],
        }),
      ),
  });
  assertMatches(body, { ok: true, text: 'Your code is 7.\n[image/png, 308 bytes]' });
});

for (const [what, change, outcome, code] of [
  ['a tool that is not there', { tool: 'fly' }, 'refused', 'tool_not_found'],
  [
    'a tool that is switched off',
    { server: { tools: [{ ...addNote, is_enabled: false }] } },
    'refused',
    'tool_disabled',
  ],
  ['arguments that do not fit', { args: { text: 7 } }, 'refused', 'invalid_arguments'],
  [
    'a missing credential',
    { server: { tools: [addNote], secret: null } },
    'unavailable',
    'credential_missing',
  ],
] as const) {
  Deno.test(`${what}: nothing is dialled, and the record says why`, async () => {
    const { body, targets, recorded } = await callTool(change as Parameters<typeof callTool>[0]);
    assertMatches(body, { ok: false, outcome, code });
    assert.deepEqual(targets, []);
    assertMatches(recorded[0], { outcome, error_code: code });
  });
}

Deno.test(
  'a sign-in that is refused is the status of the server, unless it is that of another member',
  async () => {
    const call = () => Promise.reject(new AppError('sign_in_required'));
    const server = { auth_method: 'oauth', tools: [addNote] } as const;
    const { body, reported } = await callTool({ server, call });
    assertMatches(body, { ok: false, code: 'sign_in_required' });
    assertMatches(reported, [{ status: 'needs_auth', error_code: 'sign_in_required' }]);
    const ofMembers = { ...server, credential_scope: 'member', added_by: null } as const;
    assert.deepEqual((await callTool({ server: ofMembers, call })).reported, []);
    for (const code of ['timeout', 'scope_required'] as const) {
      const other = () => Promise.reject(new AppError(code));
      assert.deepEqual((await callTool({ server, call: other })).reported, []);
    }
  },
);

Deno.test('an answer shows that the server works, also one that says that the tool failed', async () => {
  const failed: Call = () => Promise.resolve(readResult({ isError: true, content: [] }));
  for (const call of [noted, failed]) {
    const { reported } = await callTool({ call });
    assertMatches(reported, [
      { source: 'function', ok: true, status: 'connected', error_code: null, protocol_version: '2025-11-25' },
    ]);
  }
  const ofMembers = { credential_scope: 'member', added_by: null, tools: [addNote] } as const;
  assert.deepEqual((await callTool({ server: ofMembers })).reported, []);
});

Deno.test('a call goes by the stored tools, which say how its arguments travel', async () => {
  const { targets } = await callTool();
  assert.deepEqual(
    targets[0]?.storedTools?.map(({ name, input_schema }) => [name, input_schema]),
    [['add_note', addNote.input_schema]],
  );
});

Deno.test('a caller who disconnects cancels the call', async () => {
  const caller = new AbortController();
  const { body, recorded } = await callTool({
    signal: caller.signal,
    call: (_tool, _args, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new AppError('cancelled')));
        caller.abort();
      }),
  });
  assertMatches(body, { ok: false, outcome: 'cancelled' });
  assert.equal(recorded[0]?.outcome, 'cancelled');
});

Deno.test('a viewer calls what reads, by the word of the workspace or of a trusted server', async () => {
  const reads = { annotations: { readOnlyHint: true } };
  for (const [tool, trusts_hints, status] of [
    [reads, false, 403],
    [reads, true, 200],
    [{ ...reads, access: 'write' }, true, 403],
    [{ annotations: { readOnlyHint: true, destructiveHint: true } }, true, 403],
    [{ access: 'read' }, false, 200],
    [{ access: 'destructive' }, true, 403],
    [{}, true, 403],
  ] as const) {
    const server = { trusts_hints, tools: [{ ...addNote, ...tool }] };
    const answer = await callTool({ role: 'viewer', server });
    assert.equal(answer.status, status, JSON.stringify([tool, trusts_hints]));
    assert.equal(answer.targets.length, status === 200 ? 1 : 0);
    if (status === 403) assertMatches(answer.body, { code: 'role_too_low' });
    assert.equal((await callTool({ server })).status, 200);
  }
  assert.equal((await callTool({ role: 'viewer', tool: 'no_such_tool' })).status, 403);
});

Deno.test('rights: not there for strangers, not for viewers, and nothing is recorded', async () => {
  for (const [role, status] of [
    [null, 404],
    ['viewer', 403],
  ] as const) {
    const answer = await callTool({ role });
    assert.equal(answer.status, status);
    assert.deepEqual(answer.recorded, []);
  }
});

Deno.test('a call is recorded and answered, however deep its arguments and its result are', async () => {
  const deep = (): Record<string, unknown> =>
    JSON.parse(`${'{"a":['.repeat(100_000)}${']}'.repeat(100_000)}`);
  const call: Call = () => Promise.resolve(readResult({ content: [], structuredContent: deep() }));
  const { body, recorded } = await callTool({ call });
  assertMatches(body, { ok: true, outcome: 'ok' });
  assertMatches(recorded, [{ outcome: 'ok', arguments: { text: 'milk' } }]);
  assert.match(JSON.stringify(body), /…/);

  const refused = await callTool({ args: { text: 'milk', ...deep() } });
  assertMatches(refused.body, { ok: false, code: 'invalid_arguments' });
  assertMatches(refused.recorded, [{ outcome: 'refused', arguments: { text: 'milk' } }]);
  assert.deepEqual(refused.targets, []);
});

Deno.test('neither the answer nor the record holds a secret', async () => {
  const { body, recorded } = await callTool({ args: { text: 'x', password: 'hush' } });
  assert.doesNotMatch(JSON.stringify([body, recorded]), new RegExp(`${SECRET}|hush`));
});
