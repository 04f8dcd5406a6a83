import { describe, expect, it } from 'vitest';
import { readMcpServersJson, type FoundServer } from './mcp-servers-json.ts';
import { McpServerInput } from '../schema/server.ts';

const SECRET = 'sk-canary-42';

function read(file: unknown) {
  const result = readMcpServersJson(typeof file === 'string' ? file : JSON.stringify(file));
  if (!result.ok) throw new Error(result.message);
  return result;
}

/** The one server of a file that has one entry. */
function readOne(entry: object): FoundServer {
  const { servers, refused } = read({ mcpServers: { notes: entry } });
  expect(refused).toEqual([]);
  const [found] = servers;
  if (!found) throw new Error('no server was found');
  // Whatever the entry was, the row is one that the database takes, and holds no secret.
  expect(McpServerInput.safeParse(found.server).success).toBe(true);
  expect(JSON.stringify(found.server)).not.toContain(SECRET);
  return found;
}

const url = 'https://notes.example/mcp';

describe('where the servers are', () => {
  it.each([
    ['Claude and Cursor', { mcpServers: { notes: { url } } }],
    ['VS Code, mcp.json', { inputs: [], servers: { notes: { type: 'http', url } } }],
    ['VS Code, settings.json', { 'editor.fontSize': 12, mcp: { servers: { notes: { url } } } }],
    ['a bare map', { notes: { url } }],
    ['Windsurf', { mcpServers: { notes: { serverUrl: url } } }],
    ['Gemini', { mcpServers: { notes: { httpUrl: url } } }],
  ])('%s', (_who, file) => {
    const { servers } = read(file);
    expect(servers.map(({ server }) => [server.name, server.slug, server.url, server.transport])).toEqual([
      ['notes', 'notes', url, 'auto'],
    ]);
  });

  it('comments and trailing commas are read over, in strings they are kept', () => {
    const file = `\uFEFF{
      // my servers
      "mcpServers": { /* one */ "a, ]": { "url": "https://x.example//a", }, },
    }`;
    expect(read(file).servers[0]).toMatchObject({ key: 'a, ]', server: { url: 'https://x.example//a' } });
  });

  it.each(['', '{', '[]', '{"a": 1}', 'null', '{"mcpServers": []}'])('%j is no such file', (text) => {
    expect(readMcpServersJson(text).ok).toBe(false);
  });

  it('an error quotes nothing of the text', () => {
    const result = readMcpServersJson(`{"mcpServers": {"a": {"headers": {"X-Key": "${SECRET}" "b"}}}`);
    expect(JSON.stringify(result)).not.toContain(SECRET);
  });

  it('an empty list is a list', () => {
    expect(read({ mcpServers: {} })).toEqual({ ok: true, servers: [], refused: [] });
  });
});

describe('credentials', () => {
  it.each([
    ['a bearer token', { Authorization: `Bearer ${SECRET}` }, 'bearer_token', 'X-API-Key', SECRET],
    ['another spelling', { authorization: `bearer  ${SECRET}` }, 'bearer_token', 'X-API-Key', SECRET],
    ['another scheme', { Authorization: `Basic ${SECRET}` }, 'api_key', 'Authorization', `Basic ${SECRET}`],
    ['an API key', { 'X-API-Key': SECRET }, 'api_key', 'X-API-Key', SECRET],
    ['a key under its own name', { CONTEXT7_API_KEY: SECRET }, 'api_key', 'CONTEXT7_API_KEY', SECRET],
    ['the only header', { 'X-Custom': SECRET }, 'api_key', 'X-Custom', SECRET],
    ['none', {}, 'none', 'X-API-Key', null],
    [
      'headers of the protocol',
      { Accept: 'text/event-stream', 'Content-Type': 'a/b' },
      'none',
      'X-API-Key',
      null,
    ],
  ])('%s', (_what, headers, method, header, credential) => {
    const found = readOne({ url, headers });
    expect([found.server.auth_method, found.server.auth_header, found.credential]).toEqual([
      method,
      header,
      credential,
    ]);
    expect(found.notes).toEqual([]);
  });

  it('one header is sent: the others are named, without their values', () => {
    const found = readOne({ url, headers: { 'X-Org': 'acme', 'X-Token': SECRET, 'X-Team': 'blue' } });
    expect([found.server.auth_header, found.credential]).toEqual(['X-Token', SECRET]);
    expect(found.notes.join()).toMatch(/X-Org, X-Team/);
    expect(found.notes.join()).not.toMatch(/acme|blue/);
  });

  it.each([
    'Bearer ${input:token}',
    'Bearer ${env:TOKEN}',
    'Bearer {{TOKEN}}',
    'Bearer <token>',
    'Bearer YOUR_TOKEN',
  ])('%j only says where the key is', (Authorization) => {
    const found = readOne({ url, headers: { Authorization } });
    expect([found.server.auth_method, found.credential]).toEqual(['bearer_token', null]);
    expect(found.notes[0]).toMatch(/Enter it/);
  });

  it('a login in the address becomes a header', () => {
    const found = readOne({ url: `https://me:${SECRET}@notes.example/mcp` });
    expect(found.server).toMatchObject({ url, auth_method: 'api_key', auth_header: 'Authorization' });
    expect(found.credential).toBe(`Basic ${btoa(`me:${SECRET}`)}`);
  });

  it('a key in the query of the address is warned of', () => {
    const { servers } = read({ mcpServers: { exa: { url: 'https://exa.example/mcp?exaApiKey=k' } } });
    expect(servers[0]?.notes[0]).toMatch(/seems to contain a key/);
  });
});

describe('programs', () => {
  it('rejects a server that runs a program, with the reason', () => {
    const { servers, refused } = read({
      mcpServers: {
        files: { command: 'npx', args: ['-y', 'server-filesystem'], env: { TOKEN: SECRET } },
        local: { type: 'stdio', command: 'uvx' },
        empty: {},
        text: 'https://x.example',
        socket: { type: 'ws', url: 'wss://x.example' },
        wrong: { url: 'ftp://x.example' },
      },
    });
    expect(servers).toEqual([]);
    expect(Object.fromEntries(refused.map(({ key, reason }) => [key, reason]))).toEqual({
      files: expect.stringMatching(/runs a program \(npx\) on your computer/),
      local: expect.stringMatching(/runs a program \(uvx\)/),
      empty: expect.stringMatching(/no "url"/),
      text: expect.stringMatching(/isn't an object/),
      socket: expect.stringMatching(/doesn't support the type "ws"/),
      wrong: expect.stringMatching(/must start with https/),
    });
    expect(JSON.stringify(refused)).not.toContain(SECRET);
  });

  it('mcp-remote stands for the remote server that it names', () => {
    const found = readOne({
      command: 'npx',
      args: ['-y', 'mcp-remote@0.1.29', url, '--header', 'Authorization:${AUTH}', '--transport', 'sse-only'],
      env: { AUTH: `Bearer ${SECRET}` },
    });
    expect(found.server).toMatchObject({ url, transport: 'sse', auth_method: 'bearer_token' });
    expect(found.credential).toBe(SECRET);
  });

  it('mcp-remote without an address is a program', () => {
    const { refused } = read({ mcpServers: { a: { command: 'mcp-remote', args: [] } } });
    expect(refused).toHaveLength(1);
  });
});

describe('the rest of an entry', () => {
  it.each([
    ['http', 'auto'],
    ['streamable-http', 'streamable_http'],
    ['streamableHttp', 'streamable_http'],
    ['sse', 'sse'],
  ])('type %s is %s', (type, transport) => {
    expect(readOne({ url, type }).server.transport).toBe(transport);
  });

  it('what is switched off there is off here', () => {
    expect(readOne({ url, disabled: true, description: 'My notes' }).server).toMatchObject({
      is_active: false,
      description: 'My notes',
    });
  });

  it('names that fall together get slugs of their own, the same each time', () => {
    const file = { mcpServers: { 'My Notes': { url }, 'my-notes': { url }, my_notes: { url } } };
    const slugs = read(file).servers.map(({ server }) => server.slug);
    expect(slugs).toEqual(['my-notes', 'my-notes-2', 'my-notes-3']);
    expect(read(file).servers.map(({ server }) => server.slug)).toEqual(slugs);
  });
});
