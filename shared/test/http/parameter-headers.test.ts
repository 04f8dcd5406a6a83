/** Arguments that travel as headers, too (`x-mcp-header`), and a server that insists on them. */
import { describe, expect, it } from 'vitest';
import { cleanups, connect, outcome } from '../support/connect.ts';
import { startHeaderServer, type HeaderServer } from '../support/header-server.ts';
import { until } from '../support/listen.ts';

async function serve(options?: Parameters<typeof startHeaderServer>[0]): Promise<HeaderServer> {
  const server = await startHeaderServer(options);
  cleanups.push(() => server.stop());
  return server;
}

const header = (value: unknown, type = 'string') => ({ type, 'x-mcp-header': value });
const tool = (name: string, properties: Record<string, unknown>) => ({
  name,
  inputSchema: { type: 'object', properties },
});
const asStored = ({ name, inputSchema }: ReturnType<typeof tool>) => ({ name, input_schema: inputSchema });

describe('a server that insists on the headers of its arguments', () => {
  it.each([
    ['plain text', 'us-west1', 'us-west1'],
    ['text beyond ASCII', 'Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    ['spaces around it', ' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['a line break', 'line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['a value in the encoded form', '=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['nothing in it', '', '=?base64??='],
  ])('gets them with %s', async (_what, value, sent) => {
    const server = await serve();
    server.tools = [tool('query', { region: header('Region') })];
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('query', { region: value }))).toBe('query ran');
    expect(server.headers.at(-1)).toMatchObject({ 'mcp-param-region': sent });
  });

  it('gets integers, yes and no, and nested ones; nothing for what is absent or null', async () => {
    const server = await serve();
    server.tools = [
      tool('query', {
        count: header('Count', 'integer'),
        dry: header('Dry-Run', 'boolean'),
        inner: { type: 'object', properties: { zone: header('Zone') } },
        absent: header('Absent'),
      }),
    ];
    const { connection, ready } = connect(server);
    await ready();
    const args = { count: -7, dry: false, inner: { zone: 'a' } };
    expect(await outcome(connection.call('query', args))).toBe('query ran');
    expect(server.headers.at(-1)).toMatchObject({
      'mcp-param-count': '-7',
      'mcp-param-dry-run': 'false',
      'mcp-param-zone': 'a',
    });
    expect(server.headers.at(-1)).not.toHaveProperty('mcp-param-absent');
  });

  it('loses the tools whose annotations are invalid, and no other', async () => {
    const server = await serve();
    const bad = { empty: '', space: 'Has Space', number: 7, list: ['A'] };
    server.tools = [
      ...Object.entries(bad).map(([name, value]) => tool(name, { a: header(value) })),
      tool('good', { a: header('Fine') }),
    ];
    const { connection, ready } = connect(server);
    await ready();
    expect(connection.catalog?.tools.map(({ name }) => name)).toEqual(['good']);
    expect(connection.catalog?.skipped.map(({ name }) => name)).toEqual(Object.keys(bad));
    expect(await outcome(connection.call('good', { a: 'x' }))).toBe('good ran');
  });

  it('takes a call before its tools were listed, by the stored ones', async () => {
    const server = await serve({ isListSlow: true });
    const query = tool('query', { region: header('Region') });
    server.tools = [query];
    const { connection } = connect(server, { storedTools: [asStored(query)] });
    expect(await outcome(connection.call('query', { region: 'eu' }))).toBe('query ran');
    expect(connection.catalog).toBeNull();
    expect(server.refused).toBe(0);
  });

  it('takes the first call after a new connect, by the tools of the one before', async () => {
    const first = await serve();
    first.tools = [tool('query', { region: header('Region') })];
    const { connection, ready } = connect(first);
    await ready();
    await first.stop();
    expect(await outcome(connection.call('query', { region: 'eu' }))).toBe('connection_refused');
    const second = await serve({ port: first.port, isListSlow: true });
    second.tools = first.tools;
    expect(await outcome(connection.call('query', { region: 'eu' }))).toBe('query ran');
    expect(second.refused).toBe(0);
  });

  it('is listed, and called once more, when its tool asks for other headers than those known', async () => {
    const server = await serve();
    server.tools = [tool('query', { region: header('Region') })];
    const { connection, catalogs } = connect(server, {
      storedTools: [asStored(tool('query', { region: { type: 'string' } }))],
    });
    expect(await outcome(connection.call('query', { region: 'eu' }))).toBe('query ran');
    expect(server.ran).toEqual(['query']);
    await until(() => catalogs.length === 1, 'the catalog');
  });

  it('is not asked again and again when it refuses every header', async () => {
    const server = await serve({ refusesAll: true });
    server.tools = [tool('query', { region: header('Region') })];
    const { connection, ready } = connect(server);
    await ready();
    expect(await outcome(connection.call('query', { region: 'eu' }))).toBe('call_rejected');
    expect(server.refused).toBe(2);
    expect(server.ran).toEqual([]);
  });
});
