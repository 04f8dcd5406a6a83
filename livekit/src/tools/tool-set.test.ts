import { estimateToolTokens } from '@patchbay/shared/contract/json/token-estimate';
import { describe, expect, it } from 'vitest';
import { toDefinition } from '../testing/definition.ts';
import { snapshotServer, storedTool } from '../testing/snapshot.ts';
import { ToolFit } from './tool-fit.ts';
import { describeChange } from './tool-change.ts';
import {
  EMPTY_TOOL_SET,
  buildToolSet,
  definitionKey,
  forRole,
  prepareToolSet,
  recachedTools,
  sameTools,
} from './tool-set.ts';

const clock = snapshotServer({ id: 'c', name: 'clock', tools: [storedTool('time_in_zone')] });
const notes = snapshotServer({ id: 'n', name: 'notes', tools: [storedTool('add_note'), storedTool('list')] });

const names = (set: { tools: readonly { name: string }[] }) => set.tools.map((tool) => tool.name);

describe('buildToolSet', () => {
  it('names tools by server and keeps the order of servers', () => {
    const set = buildToolSet([
      { server: clock, live: null },
      { server: notes, live: null },
    ]);
    expect(names(set)).toEqual(['clock__time_in_zone', 'notes__add_note', 'notes__list']);
    expect(set.servers.map(({ name }) => name)).toEqual(['clock', 'notes']);
  });

  it('prefers what the live connection found over the stored catalog', () => {
    const live = [storedTool('add_note'), storedTool('archive')];
    expect(names(buildToolSet([{ server: notes, live }]))).toEqual(['notes__add_note', 'notes__archive']);
  });

  it('is the same for the stored catalog and for the same tools in the order of the server', () => {
    const live = [storedTool('list'), storedTool('add_note')];
    const stored = names(buildToolSet([{ server: notes, live: null }]));
    expect(names(buildToolSet([{ server: notes, live }]))).toEqual(stored);
  });

  it('keeps the order in which the server lists its tools, and puts new ones last', () => {
    const server = { ...notes, tools: [storedTool('zoom'), storedTool('add')] };
    const live = [storedTool('new'), storedTool('add'), storedTool('zoom'), storedTool('also_new')];
    expect(names(buildToolSet([{ server, live }]))).toEqual(
      ['zoom', 'add', 'new', 'also_new'].map((name) => `notes__${name}`),
    );
  });

  it('leaves out what the user switched off, also when the live list has it', () => {
    const server = { ...notes, tools: [storedTool('add_note', { is_enabled: false }), storedTool('list')] };
    expect(names(buildToolSet([{ server, live: [storedTool('add_note'), storedTool('list')] }]))).toEqual([
      'notes__list',
    ]);
  });

  it('takes over which tools the user pinned, also for the live list', () => {
    const server = { ...notes, tools: [storedTool('list', { is_pinned: true })] };
    const { tools } = buildToolSet([{ server, live: [storedTool('list'), storedTool('add_note')] }]);
    expect(tools.map(({ isPinned }) => isPinned)).toEqual([true, false]);
  });

  it('takes over for how long the user lets answers be kept, also for the live list', () => {
    const server = { ...notes, tools: [storedTool('list', { cache_ttl_seconds: 60 })] };
    const live = [storedTool('list'), storedTool('add_note')];
    const { tools } = buildToolSet([{ server, live }]);
    expect(tools.map(({ cacheTtlMs }) => cacheTtlMs)).toEqual([60_000, undefined]);
  });

  it('does without a stored tool whose schema is a bomb, and keeps all others', async () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 422 }, (_, place) => [`d${place}`, { $ref: `#/$defs/d${place + 1}` }]),
    );
    const bomb = storedTool('bomb', { input_schema: { $ref: '#/$defs/d0', $defs } });
    const servers = [
      { server: { ...notes, tools: [bomb, storedTool('list')] }, live: null },
      { server: clock, live: null },
    ];
    await prepareToolSet(servers);
    expect(names(buildToolSet(servers))).toEqual(['notes__list', 'clock__time_in_zone']);
  });

  it('keeps two servers with the same tool apart, and long names within 64 characters', () => {
    const other = snapshotServer({
      id: 'o',
      name: 'other',
      tools: [storedTool('list'), storedTool('x'.repeat(200))],
    });
    const all = names(
      buildToolSet([
        { server: notes, live: null },
        { server: other, live: null },
      ]),
    );
    expect(new Set(all).size).toBe(4);
    for (const name of all) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it('shortens long descriptions, and counts the tokens of what is left', () => {
    const long = { ...storedTool('now'), description: 'It says the time. '.repeat(200) };
    const [tool] = buildToolSet([{ server: clock, live: [long] }]).tools;
    expect(tool?.description).toMatch(/It says the time\. …<\/data>$/);
    expect(tool?.tokens).toBe(tool && estimateToolTokens(toDefinition(tool)));
  });

  it('makes an object schema of a schema that leaves type and properties out', () => {
    const bare = { ...storedTool('now'), input_schema: { $schema: 'x' } };
    const [tool] = buildToolSet([{ server: clock, live: [bare] }]).tools;
    expect(tool && toDefinition(tool).parameters).toEqual({ type: 'object', properties: {} });
  });

  it('sees a change of schema alone as another set', () => {
    const before = buildToolSet([{ server: notes, live: null }]).tools;
    const wider = { ...storedTool('add_note'), input_schema: { type: 'object', properties: { text: {} } } };
    const after = buildToolSet([{ server: notes, live: [wider, storedTool('list')] }]).tools;
    expect(sameTools(before, buildToolSet([{ server: notes, live: null }]).tools)).toBe(true);
    expect(sameTools(before, after)).toBe(false);
  });
});

describe('a server that is away', () => {
  const here = buildToolSet([
    { server: clock, live: null },
    { server: notes, live: null },
  ]);
  const away = buildToolSet([
    { server: clock, live: null, isWithdrawn: true },
    { server: notes, live: null },
  ]);

  it('offers no tools, and is still one of the conversation', () => {
    expect(names(away)).toEqual(['notes__add_note', 'notes__list']);
    expect(away.servers.map(({ name }) => name)).toEqual(['clock', 'notes']);
  });

  it('keeps the names of the others as they are', () => {
    const twin = snapshotServer({ ...clock, id: 'c2', slug: 'clock' });
    const both = buildToolSet([
      { server: clock, live: null },
      { server: twin, live: null },
    ]);
    const one = buildToolSet([
      { server: clock, live: null, isWithdrawn: true },
      { server: twin, live: null },
    ]);
    expect(names(one)).toEqual(names(both).slice(1));
  });

  it('is told with the reason when its tools go, and when they come back', () => {
    expect(describeChange(here, away).line).toBe(
      'Tools removed: clock__time_in_zone (server clock is offline).',
    );
    expect(describeChange(away, here).line).toBe(
      'Tools added: clock__time_in_zone (server clock is back online).',
    );
  });
});

describe('describeChange', () => {
  const both = buildToolSet([
    { server: clock, live: null },
    { server: notes, live: null },
  ]);
  const one = buildToolSet([{ server: clock, live: null }]);

  it('tells the model in one line what came and what went, and with which server', () => {
    expect(describeChange(one, both).line).toBe(
      'Tools added: notes__add_note, notes__list (server notes was added).',
    );
    expect(describeChange(both, one)).toMatchObject({
      reason: 'server notes was removed',
      line: 'Tools removed: notes__add_note, notes__list (server notes was removed).',
    });
  });

  it('says nothing to the model when it keeps the same tools', () => {
    expect(describeChange(both, both).line).toBeNull();
    expect(describeChange(EMPTY_TOOL_SET, EMPTY_TOOL_SET).line).toBeNull();
  });

  it('tells of a server by its new name', () => {
    const renamed = buildToolSet([{ server: { ...clock, name: 'Wall clock' }, live: null }]);
    expect(describeChange(one, renamed)).toMatchObject({
      reason: 'server clock is now called Wall clock',
      line: 'Server clock is now called Wall clock.',
    });
  });

  it('sends the model to the new definition of a tool', () => {
    const described = { ...storedTool('time_in_zone'), description: 'The time, to the second.' };
    expect(describeChange(one, buildToolSet([{ server: clock, live: [described] }])).line).toBe(
      'Tools changed: clock__time_in_zone (use their new definitions).',
    );
  });

  it('does not say that a server was removed when only its tools are gone', () => {
    expect(describeChange(one, buildToolSet([{ server: clock, live: [] }]))).toMatchObject({
      reason: 'tools changed',
      line: 'Tools removed: clock__time_in_zone.',
    });
  });

  it('tells once what is left out, and why', () => {
    const [tool] = one.tools;
    const refused = new ToolFit().fit(one, {
      budget: { tools: 128, tokens: 16_384 },
      rejected: new Map(tool && [[definitionKey(tool), 'bad schema']]),
    });
    expect(describeChange(EMPTY_TOOL_SET, refused).leftOutLine).toBe(
      'Tools left out: clock__time_in_zone (their definitions were rejected; tell the user once).',
    );
    expect(describeChange(refused, refused).leftOutLine).toBeNull();
    expect(
      describeChange(EMPTY_TOOL_SET, new ToolFit().fit(both, { budget: { tools: 2, tokens: 16_384 } }))
        .leftOutLine,
    ).toBe('Tools left out: notes__list (they exceed the limit on tools; say so when the user needs one).');
  });

  it('cuts a long list of names', () => {
    const tools = Array.from({ length: 20 }, (_, index) => storedTool(`t${index}`));
    const many = buildToolSet([{ server: { ...notes, tools }, live: null }]);
    expect(describeChange(EMPTY_TOOL_SET, many).line).toContain('and 8 more');
  });
});

it('recachedTools are those that were there with another cache time', () => {
  const toolsWith = (...times: (number | null)[]) => {
    const tools = times.map((seconds, index) => storedTool(`t${index}`, { cache_ttl_seconds: seconds }));
    return buildToolSet([{ server: { ...notes, tools }, live: null }]).tools;
  };
  const changed = recachedTools(toolsWith(60, 60, null), toolsWith(60, null, 30, 10));
  expect(changed.map(({ toolName }) => toolName)).toEqual(['t1', 't2']);
});

it('makes the definitions of a thousand tools with turns for others, and the set from them at once', async () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, place) => [
      `p${place}`,
      { type: 'string', description: 'Some words. '.repeat(5) },
    ]),
  );
  const tools = Array.from({ length: 1_083 }, (_, place) =>
    storedTool(`tool-${place}`, { input_schema: { type: 'object', properties } }),
  );
  const servers = [{ server: snapshotServer({ id: 's', name: 'srv', tools }), live: null }];
  let turns = 0;
  let isDone = false;
  const tick = (): void => {
    turns += 1;
    if (!isDone) setImmediate(tick);
  };
  setImmediate(tick);
  await prepareToolSet(servers);
  const during = turns;
  await prepareToolSet(servers);
  expect(turns).toBe(during);
  isDone = true;
  expect(during).toBeGreaterThanOrEqual(50);
  const built = buildToolSet(servers).tools;
  expect(built.map(({ parameters }) => parameters)).toHaveLength(1_083);
  expect(sameTools(built, buildToolSet(servers).tools)).toBe(true);
});

describe('what the tools may do', () => {
  const reading = { annotations: { readOnlyHint: true, idempotentHint: true } };
  const said = (rest: Partial<typeof notes>) => {
    const server = { ...notes, tools: [storedTool('list', reading), storedTool('add', reading)], ...rest };
    return buildToolSet([{ server, live: null }]).tools.map(({ access, repeatable }) => [access, repeatable]);
  };

  it('is not what an untrusted server says', () => {
    expect(said({})).toEqual([
      ['write', false],
      ['write', false],
    ]);
    expect(said({ trusts_hints: true })).toEqual([
      ['read', true],
      ['read', true],
    ]);
  });

  it('leaves a server its word about which of its own tools come first', () => {
    const tools = [storedTool('list', reading), storedTool('add')];
    const set = buildToolSet([{ server: { ...notes, tools }, live: null }]);
    expect(set.tools.map(({ access, saysItReads }) => [access, saysItReads])).toEqual([
      ['write', true],
      ['write', false],
    ]);
  });

  it('is what the workspace set, also for the live list', () => {
    const tools = [
      storedTool('list', { access: 'read' }),
      storedTool('add', { ...reading, access: 'destructive' }),
    ];
    const live = [storedTool('list'), storedTool('add', reading)];
    const set = buildToolSet([{ server: { ...notes, trusts_hints: true, tools }, live }]);
    expect(set.tools.map(({ access }) => access)).toEqual(['read', 'destructive']);
  });

  it('changes with a hint of the live list, and the change is no other set for the model alone', () => {
    const server = { ...notes, trusts_hints: true, tools: [storedTool('list', reading)] };
    const before = buildToolSet([{ server, live: null }]);
    const after = buildToolSet([
      { server, live: [storedTool('list', { annotations: { destructiveHint: true } })] },
    ]);
    expect(after.tools[0]).toMatchObject({ access: 'destructive', repeatable: false });
    expect(sameTools(before.tools, after.tools)).toBe(false);
  });

  it('leaves a viewer what reads, says why, and leaves everybody else everything', () => {
    const tools = [storedTool('list', { access: 'read' }), storedTool('add')];
    const set = buildToolSet([{ server: { ...notes, tools }, live: null }]);
    expect(forRole(set, 'member')).toEqual(set);
    const viewed = forRole(set, 'viewer');
    expect(names(viewed)).toEqual(['notes__list']);
    expect(viewed.leftOut).toMatchObject([{ tool: { name: 'notes__add' }, reason: 'role' }]);
    const fitted = new ToolFit().fit(viewed, { budget: { tools: 0, tokens: 0 } });
    expect(fitted.leftOut.map(({ tool, reason }) => [tool.name, reason])).toEqual([
      ['notes__list', 'limit'],
      ['notes__add', 'role'],
    ]);
    expect(describeChange(EMPTY_TOOL_SET, viewed).leftOutLine).toBe(
      "Tools left out: notes__add (not available to the user's role, which allows only read-only tools; say so when the user needs one).",
    );
  });
});
