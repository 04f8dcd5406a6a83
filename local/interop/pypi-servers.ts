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
    name: 'git',
    from: 'PyPI',
    package: 'mcp-server-git',
    version: '2026.10.19',
    program: 'mcp-server-git',
    tools: 10,
    calls: ({ folder }) => [
      { tool: 'git_init', arguments: { repo_path: folder }, answer: /nitialized/ },
      { tool: 'git_status', arguments: { repo_path: folder }, answer: /notes\.txt/ },
    ],
    isQuick: true,
  },
  {
    name: 'sqlite (Python)',
    from: 'PyPI',
    package: 'mcp-server-sqlite',
    version: '2025.4.25',
    // It was written for version 1 of the SDK, and asks for any.
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
      { tool: 'fetch', arguments: { url: 'http://127.0.0.1:9/' }, answer: /fail/i, isError: true },
    ],
  },
  {
    name: 'calculator',
    from: 'PyPI',
    package: 'mcp-server-calculator',
    version: '0.2.1',
    program: 'mcp-server-calculator',
    tools: 1,
    calls: () => [{ tool: 'calculate', arguments: { expression: '6 * 7' }, answer: /42/ }],
  },
  {
    name: 'excel',
    from: 'PyPI',
    package: 'excel-mcp-server',
    version: '2.2.2',
    program: 'excel-mcp-server',
    args: () => ['streamable-http'],
    env: ({ folder, port }) => ({
      EXCEL_FILES_PATH: folder,
      FASTMCP_HOST: '127.0.0.1',
      FASTMCP_PORT: String(port),
    }),
    http: { path: '/mcp' },
    tools: 20,
    calls: () => [
      { tool: 'create_workbook', arguments: { filepath: 'book.xlsx' }, answer: /Created|created/ },
      { tool: 'get_workbook_metadata', arguments: { filepath: 'book.xlsx' }, answer: /Sheet/ },
    ],
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
    name: 'text-editor',
    from: 'PyPI',
    package: 'mcp-text-editor',
    version: '1.2.2',
    program: 'mcp-text-editor',
    tools: 4,
    calls: ({ folder }) => [
      {
        tool: 'get_text_file_contents',
        arguments: { files: [{ file_path: `${folder}/notes.txt`, ranges: [{ start: 1 }] }] },
        answer: saysNotes,
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
      { tool: 'fetch_content', arguments: { url: 'http://127.0.0.1:9/' }, answer: /error|could not/i },
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
    name: 'basic-memory',
    from: 'PyPI',
    package: 'basic-memory',
    version: '0.24.1',
    program: 'basic-memory',
    args: () => ['mcp'],
    tools: 10,
    calls: () => [{ tool: 'list_memory_projects', arguments: {}, answer: /main/ }],
  },
];
