import { describe, expect, it } from 'vitest';
import { readCatalog } from './catalog.ts';

const good = { name: 'echo', description: 'Says it again.', inputSchema: { type: 'object', properties: {} } };

function nested(levels: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

const named = (count: number, schemaOf: (place: number) => unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, place) => [`d${place}`, schemaOf(place)]));
const reference = (place: number) => ({ $ref: `#/$defs/d${place}` });

function chain(length: number, more: object) {
  return { ...reference(0), $defs: named(length, (place) => ({ ...more, ...reference(place + 1) })) };
}

function fan(length: number) {
  const next = (place: number) => ({ allOf: [reference(place + 1), reference(place + 1)] });
  return { ...reference(0), $defs: named(length, next) };
}

function branches(count: number, properties: number) {
  const shared = { properties: named(properties, () => ({})) };
  return { anyOf: Array.from({ length: count }, () => reference(0)), $defs: { d0: shared } };
}

function levels(count: number, properties: number) {
  let schema: object = { properties: named(properties, () => ({ type: 'null' })) };
  const paths = Array.from({ length: count }, (_, level) => `#${'/properties/a'.repeat(level + 1)}`);
  for (let level = 0; level < count; level += 1) schema = { properties: { a: schema } };
  return { allOf: [schema, ...paths.map(($ref) => ({ $ref: $ref.replace('#', '#/allOf/0') }))] };
}

const readAll = (tools: readonly unknown[]) => readCatalog(tools, () => null);

describe('readCatalog', () => {
  it('keeps the good tools of a list with bad ones, and says why the others are missing', async () => {
    const { tools, skipped } = await readAll([
      { ...good, name: 'no-schema', inputSchema: 'none' },
      good,
      'nonsense',
      { ...good, name: '' },
      { ...good, name: 'list', inputSchema: { type: 'array' } },
      { ...good, description: 'the same name' },
    ]);
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    expect(tools[0]?.description).toBe('Says it again.');
    expect(skipped.map(({ name }) => name)).toEqual(['no-schema', '', '', 'list', 'echo']);
    for (const { reason } of skipped) expect(reason).toMatch(/\.$/);
  });

  it('leaves out what is nested without end, and keeps the rest', async () => {
    let deep: unknown = {};
    for (let i = 0; i < 100_000; i += 1) deep = [deep];
    const { tools, skipped } = await readAll([{ ...good, name: 'deep', inputSchema: { deep } }, good]);
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    expect(skipped).toMatchObject([{ name: 'deep' }]);
  });

  it('leaves out a name of a megabyte, tells it in short, and keeps the rest', async () => {
    const { tools, skipped } = await readAll([{ ...good, name: 'x'.repeat(1_000_000) }, good]);
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    expect(skipped).toEqual([
      { name: `${'x'.repeat(40)}…`, reason: 'The name has more than 256 characters.' },
    ]);
  });

  it('skips schemas of more than 64 KB, whatever they are made of, and keeps the rest', async () => {
    const withValues = (values: unknown[]) => ({ type: 'object', properties: { a: { enum: values } } });
    const big = (name: string, values: unknown[]) => ({ ...good, name, inputSchema: withValues(values) });
    const { tools, skipped } = await readAll([
      big('fits', ['x'.repeat(65_000)]),
      big('large', ['x'.repeat(66_000)]),
      big('wide', ['\u4e16'.repeat(22_000)]),
      big(
        'long numbers',
        Array.from({ length: 500 }, () => 1e300),
      ),
      { ...big('both', ['x'.repeat(40_000)]), outputSchema: withValues(['y'.repeat(40_000)]) },
      big('no number', ['5e+300000']),
      good,
    ]);
    expect(tools.map(({ name }) => name)).toEqual(['fits', 'no number', 'echo']);
    const reason = 'Its schemas have more than 64 KB.';
    expect(skipped).toEqual(['large', 'wide', 'long numbers', 'both'].map((name) => ({ name, reason })));
  });

  it('cuts descriptions after 4 KB, never within a character, and keeps the hints beside large annotations', async () => {
    const { tools, skipped } = await readAll([
      { ...good, name: 'long', description: 'y'.repeat(2_000_000) },
      { ...good, name: 'wide', description: `y${'\u{1f600}'.repeat(2_000)}`, title: 't'.repeat(5_000) },
      { ...good, name: 'hints', annotations: { readOnlyHint: true, mine: 'z'.repeat(5_000) } },
      { ...good, name: 'deep hints', annotations: { destructiveHint: true, mine: nested(100_000) } },
      { ...good, name: 'meta', _meta: nested(100_000), icons: nested(100_000) },
    ]);
    expect(skipped).toEqual([]);
    expect(tools.map(({ description }) => Buffer.byteLength(description ?? ''))).toEqual([
      4_096, 4_093, 14, 14, 14,
    ]);
    expect(tools[1]?.title).toHaveLength(1_024);
    expect(tools.slice(2).map(({ annotations }) => annotations)).toEqual([
      { readOnlyHint: true },
      { destructiveHint: true },
      undefined,
    ]);
  });

  it.each([
    ['a chain of references with choices', chain(422, { anyOf: [{ required: ['a'] }, { required: ['b'] }] })],
    ['a plain chain of references', chain(1_125, {})],
    ['references that fan out', fan(40)],
    ['branches with all properties each', branches(900, 1_500)],
    ['references into each level of itself', levels(40, 2_000)],
  ])('skips %s, and says why', async (_what, inputSchema) => {
    const { tools, skipped } = await readAll([{ ...good, name: 'bomb', inputSchema }, good]);
    expect(tools.map(({ name }) => name)).toEqual(['echo']);
    expect(skipped).toEqual([
      { name: 'bomb', reason: expect.stringMatching(/^The input schema (is too|has more)/) as string },
    ]);
  });

  it.each([
    [
      'references in a circle',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    ],
    ['a chain of references below a property', { properties: { x: { $ref: '#/$defs/d0' } }, ...chain(300, {}), $ref: undefined }], // prettier-ignore
    ['a tree', { properties: { x: { type: 'array', items: { $ref: '#' } } } }],
    ['a large enumeration', { properties: { x: { enum: Array.from({ length: 9_000 }, (_, i) => i) } } }],
    ['a reference outside ASCII', { properties: { x: { $ref: '#/$defs/%C3%A4' } }, $defs: { '\u00e4': {} } }],
  ])('takes %s', async (_what, inputSchema) => {
    expect(await readAll([{ ...good, inputSchema }])).toMatchObject({
      tools: [{ name: 'echo' }],
      skipped: [],
    });
  });

  it('tells of a thousand skipped tools, of a list of millions', async () => {
    expect((await readAll(Array.from({ length: 200_000 }, () => 7))).skipped).toHaveLength(1_000);
  });

  it('replaces characters that no database takes, and leaves out names that have them', async () => {
    const { tools, skipped } = await readAll([
      { ...good, name: 'a\0b' },
      { ...good, name: 'half \ud83d' },
      {
        name: 'odd',
        title: 'NUL \0',
        description: 'half \udc00 of a pair, and a whole one: \u{1f600}',
        inputSchema: { type: 'object', properties: { 'k\0': { enum: ['v\0', '\\u0000', 1] } } },
      },
      good,
    ]);
    expect(skipped).toEqual([
      { name: '', reason: "The name has characters that can't be used." },
      { name: '', reason: "The name has characters that can't be used." },
    ]);
    expect(tools.map(({ name }) => name)).toEqual(['odd', 'echo']);
    expect(tools[0]).toMatchObject({
      title: 'NUL \uFFFD',
      description: 'half \uFFFD of a pair, and a whole one: \u{1f600}',
      input_schema: { properties: { 'k\uFFFD': { enum: ['v\uFFFD', '\\u0000', 1] } } },
    });
  });

  it('forgives what does not matter: a missing type, odd annotations, a bad output schema', async () => {
    const odd = { ...good, inputSchema: { properties: {} }, annotations: 7, outputSchema: 'no', title: 3 };
    expect((await readAll([odd])).tools).toEqual([
      {
        name: 'echo',
        description: 'Says it again.',
        input_schema: { type: 'object', properties: {} },
        fingerprint: expect.any(String) as string,
      },
    ]);
  });
});

describe('a long list of tools', () => {
  it('lets others have a turn every few tools, whatever their size', async () => {
    for (const [count, padding] of [
      [1_083, 1_000],
      [20, 60_000],
    ] as const) {
      const raw = Array.from({ length: count }, (_, place) => ({
        ...good,
        name: `tool-${place}`,
        inputSchema: { type: 'object', description: 'x'.repeat(padding) },
      }));
      let turns = 0;
      let isDone = false;
      const tick = (): void => {
        turns += 1;
        if (!isDone) setImmediate(tick);
      };
      setImmediate(tick);
      const { tools } = await readCatalog(raw, () => null);
      isDone = true;
      expect(tools).toHaveLength(count);
      expect(turns).toBeGreaterThanOrEqual(20);
    }
  });

  it('skips tools in which a fault is found, and is else the same', async () => {
    const raw = [good, { ...good, name: 'odd' }, good];
    const { tools, skipped } = await readAll(raw);
    expect(tools.map(({ name }) => name)).toEqual([good.name, 'odd']);
    expect(skipped).toHaveLength(1);
    const checked = await readCatalog(raw, () => 'The schema is odd.');
    expect(checked.tools).toEqual([]);
    expect(checked.skipped[0]).toEqual({ name: 'echo', reason: 'The schema is odd.' });
  });
});
