import { execFileSync } from 'node:child_process';
import { NOTES, type RegistryServer } from './registry-server.ts';

const saysNotes = new RegExp(NOTES);

/** Servers from PyPI; constraints.txt holds what the quick ones bring with them. */
export const PYPI_SERVERS: readonly RegistryServer[] = [
  {
    name: 'time',
    from: 'PyPI',
    package: 'mcp-server-time',
    version: '2026.10.19',
    program: 'mcp-server-time',
    args: () => ['--local-timezone', 'Europe/Berlin'],
    tools: 2,
    calls: () => [
      {
        tool: 'convert_time',
        arguments: { source_timezone: 'Europe/Berlin', time: '12:00', target_timezone: 'Asia/Tokyo' },
        answer: /"time_difference": "\+[78]/,
      },
    ],
    isQuick: true,
  },
  {
    name: 'calculator',
    from: 'PyPI',
    package: 'mcp-server-calculator',
    version: '0.2.1',
    program: 'mcp-server-calculator',
    tools: 1,
    calls: () => [
      { tool: 'calculate', arguments: { expression: '6 *' }, answer: /error|invalid/i, isError: true },
      { tool: 'calculate', arguments: { expression: '6 * 7' }, answer: /^42\b/ },
    ],
  },
  {
    name: 'sqlite (Python)',
    from: 'PyPI',
    package: 'mcp-server-sqlite',
    version: '2025.4.25',
    // Written for version 1 of the SDK, without an upper bound.
    with: ['mcp<2'],
    program: 'mcp-server-sqlite',
    args: ({ folder }) => ['--db-path', `${folder}/data.db`],
    tools: 6,
    calls: () => [
      {
        tool: 'create_table',
        arguments: { query: 'create table if not exists notes (text text)' },
        answer: /created/,
      },
      {
        tool: 'write_query',
        arguments: { query: "insert into notes values ('Buy milk')" },
        answer: /affected_rows/,
      },
      { tool: 'read_query', arguments: { query: 'select text from notes' }, answer: /Buy milk/ },
    ],
  },
  {
    name: 'fetch (Python)',
    from: 'PyPI',
    package: 'mcp-server-fetch',
    version: '2026.10.24',
    program: 'mcp-server-fetch',
    tools: 1,
    calls: () => [
      {
        tool: 'fetch',
        arguments: { url: 'http://127.0.0.1:9/' },
        answer: /not a public address/,
        isError: true,
      },
    ],
    isQuick: true,
  },
  {
    name: 'word',
    from: 'PyPI',
    package: 'office-word-mcp-server',
    version: '1.1.11',
    program: 'word_mcp_server',
    tools: 20,
    calls: ({ folder }) => [
      { tool: 'create_document', arguments: { filename: `${folder}/letter.docx` }, answer: /created/ },
      {
        tool: 'get_document_info',
        arguments: { filename: `${folder}/letter.docx` },
        answer: /page_count|author/,
      },
    ],
  },
  {
    name: 'duckdb',
    from: 'PyPI',
    package: 'mcp-server-motherduck',
    version: '1.1.0',
    program: 'mcp-server-motherduck',
    args: ({ port }) => [
      ...['--transport', 'http', '--port', String(port), '--db-path', ':memory:', '--read-write'],
    ],
    http: { path: '/mcp' },
    tools: 1,
    calls: () => [{ tool: 'execute_query', arguments: { sql: 'select 6 * 7 as n' }, answer: /42/ }],
  },
  {
    name: 'duckduckgo',
    from: 'PyPI',
    package: 'duckduckgo-mcp-server',
    version: '0.7.0',
    program: 'duckduckgo-mcp-server',
    tools: 2,
    calls: () => [
      { tool: 'fetch_content', arguments: { url: 'http://127.0.0.1:9/' }, answer: /non-public address/ },
    ],
  },
  {
    name: 'markitdown',
    from: 'PyPI',
    package: 'markitdown-mcp',
    version: '0.0.1a8',
    program: 'markitdown-mcp',
    args: ({ port }) => ['--http', '--host', '127.0.0.1', '--port', String(port)],
    http: { path: '/mcp' },
    tools: 1,
    calls: ({ folder }) => [
      { tool: 'convert_to_markdown', arguments: { uri: `file://${folder}/notes.txt` }, answer: saysNotes },
    ],
  },
  {
    name: 'git',
    from: 'PyPI',
    package: 'mcp-server-git',
    version: '2026.10.19',
    program: 'mcp-server-git',
    prepare: (folder) => void execFileSync('git', ['init', '--quiet', folder]),
    tools: 10,
    calls: ({ folder }) => [{ tool: 'git_status', arguments: { repo_path: folder }, answer: /notes\.txt/ }],
  },
  {
    name: 'excel (Python)',
    from: 'PyPI',
    package: 'excel-mcp-server',
    version: '2.2.2',
    program: 'excel-mcp-server',
    args: () => ['stdio'],
    tools: 20,
    calls: ({ folder }) => [
      { tool: 'create_workbook', arguments: { path: `${folder}/book.xlsx` }, answer: /book\.xlsx/ },
      { tool: 'describe_workbook', arguments: { path: `${folder}/book.xlsx` }, answer: /Sheet1/ },
    ],
  },
];
