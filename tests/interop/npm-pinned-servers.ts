import { findChromium } from '../run/chromium.ts';
import { pinnedVersion } from './pinned.ts';
import { NOTES, type Place, type RegistryServer } from './registry-server.ts';

const notes = ({ folder }: Place): string => `${folder}/notes.txt`;
const saysNotes = new RegExp(NOTES);
const browserOf = (): string => findChromium() ?? 'chromium';

/** Servers of `npm test`, pinned in local/package.json. */
export const NPM_PINNED_SERVERS: readonly RegistryServer[] = [
  {
    name: 'everything',
    from: 'npm',
    package: '@modelcontextprotocol/server-everything',
    version: pinnedVersion('@modelcontextprotocol/server-everything'),
    program: 'mcp-server-everything',
    args: () => ['streamableHttp'],
    env: ({ port }) => ({ PORT: String(port) }),
    http: { path: '/mcp' },
    tools: 12,
    calls: () => [
      { tool: 'get-sum', arguments: { a: 2, b: 3 }, answer: /\b5\b/ },
      { tool: 'echo', arguments: { message: 'hello' }, answer: /^Echo: hello\b/ },
    ],
    isQuick: true,
  },
  {
    name: 'filesystem',
    from: 'npm',
    package: '@modelcontextprotocol/server-filesystem',
    version: pinnedVersion('@modelcontextprotocol/server-filesystem'),
    program: 'mcp-server-filesystem',
    args: ({ folder }) => [folder],
    tools: 11,
    calls: (place) => [
      {
        tool: 'write_file',
        arguments: { path: `${place.folder}/more.txt`, content: 'And ends at ten.' },
        answer: /Successfully wrote/,
      },
      { tool: 'read_text_file', arguments: { path: `${place.folder}/more.txt` }, answer: /ends at ten/ },
      { tool: 'read_text_file', arguments: { path: '/etc/passwd' }, answer: /denied/, isError: true },
      { tool: 'read_text_file', arguments: { path: notes(place) }, answer: saysNotes },
    ],
    isQuick: true,
  },
  {
    name: 'memory',
    from: 'npm',
    package: '@modelcontextprotocol/server-memory',
    version: pinnedVersion('@modelcontextprotocol/server-memory'),
    program: 'mcp-server-memory',
    env: ({ folder }) => ({ MEMORY_FILE_PATH: `${folder}/memory.json` }),
    tools: 9,
    calls: () => [
      {
        tool: 'create_entities',
        arguments: {
          entities: [{ name: 'Ada', entityType: 'person', observations: ['likes engines'] }],
        },
        answer: /Ada/,
      },
      { tool: 'search_nodes', arguments: { query: 'Ada' }, answer: /likes engines/ },
    ],
    isQuick: true,
  },
  {
    name: 'sequential-thinking',
    from: 'npm',
    package: '@modelcontextprotocol/server-sequential-thinking',
    version: pinnedVersion('@modelcontextprotocol/server-sequential-thinking'),
    program: 'mcp-server-sequential-thinking',
    tools: 1,
    calls: () => [
      {
        tool: 'sequentialthinking',
        arguments: { thought: 'First.', nextThoughtNeeded: true, thoughtNumber: 1, totalThoughts: 2 },
        answer: /"thoughtNumber": 1/,
      },
    ],
    isQuick: true,
  },
  {
    name: 'chart',
    from: 'npm',
    package: '@antv/mcp-server-chart',
    version: pinnedVersion('@antv/mcp-server-chart'),
    program: 'mcp-server-chart',
    args: ({ port }) => ['--transport', 'streamable', '--port', String(port)],
    // Nothing listens there, so no request reaches the real service.
    env: () => ({ VIS_REQUEST_SERVER: 'http://127.0.0.1:9/' }),
    http: { path: '/mcp' },
    tools: 25,
    calls: () => [
      {
        tool: 'generate_pie_chart',
        arguments: { data: [{ category: 'A', value: 1 }] },
        answer: /Failed to generate chart/,
        isError: true,
      },
    ],
    isQuick: true,
  },
  {
    name: 'playwright',
    from: 'npm',
    package: '@playwright/mcp',
    version: pinnedVersion('@playwright/mcp'),
    program: 'playwright-mcp',
    args: ({ port }) => [
      ...['--port', String(port), '--headless', '--isolated', '--no-sandbox'],
      ...['--executable-path', browserOf()],
    ],
    http: { host: 'localhost', path: '/mcp' },
    tools: 20,
    calls: () => [
      { tool: 'browser_navigate', arguments: { url: 'about:blank' }, answer: /about:blank/ },
      { tool: 'browser_evaluate', arguments: { function: '() => 6 * 7' }, answer: /42/ },
    ],
    needsChromium: true,
    isQuick: true,
  },
  {
    name: 'code-runner',
    from: 'npm',
    package: 'mcp-server-code-runner',
    version: pinnedVersion('mcp-server-code-runner'),
    program: 'mcp-server-code-runner',
    tools: 1,
    calls: () => [
      {
        tool: 'run-code',
        arguments: { code: 'console.log(6 * 7)', languageId: 'javascript' },
        answer: /42/,
      },
    ],
    isQuick: true,
  },
];
