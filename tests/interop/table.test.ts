import { expect, it } from 'vitest';
import { isWhole, tablesOf, type Row } from './table.ts';

const server: Row['server'] = { name: 'notes', from: 'npm', package: '@x/notes', version: '1.2.3' };
const steps = { listed: '3', stored: '3', offered: '2 fit', called: '`add_note`', recovered: 'yes' };

it('has a table for each registry, and a row for each server', () => {
  const outcome = { protocol: '2025-11-25', found: steps };
  const inGo: Row['server'] = { ...server, from: 'Go', http: { path: '/sse' } };
  const [npm = '', go = ''] = tablesOf([
    { server, outcome },
    { server: inGo, outcome },
  ]).split('\n\n### Go\n\n');
  expect(npm).toBe(
    [
      '### npm\n',
      '| package    | version | reached   | protocol   | listed | stored | offered | called     | recovered |',
      '| ---------- | ------- | --------- | ---------- | ------ | ------ | ------- | ---------- | --------- |',
      '| `@x/notes` | 1.2.3   | mcp-proxy | 2025-11-25 | 3      | 3      | 2 fit   | `add_note` | yes       |',
    ].join('\n'),
  );
  expect(go).toContain('| HTTP+SSE |');
});

it('marks the step that failed, and lists the reason in one line', () => {
  const { recovered: _, ...found } = steps;
  const fault = { step: 'recovered', why: 'connection_lost:\n`404`' } as const;
  const failed: Row = {
    server: { ...server, http: { path: '/mcp' } },
    outcome: { protocol: '2026-07-28', found, fault },
  };
  const absent: Row = { server, outcome: null, why: 'needs Go' };
  const lines = tablesOf([failed, absent]).split('\n').slice(2);
  expect(lines[2]).toMatch(/\| HTTP .*\| \*\*no\*\* +\|$/);
  expect(lines[3]).toMatch(/^\| `@x\/notes` \| 1\.2\.3 +\| mcp-proxy +(\| +)+\|$/);
  expect(lines.slice(4)).toEqual([
    '',
    "- notes: recovered: `connection_lost: '404'`",
    '- notes: not tried: `needs Go`',
  ]);
  expect([failed, absent].map(isWhole)).toEqual([false, false]);
});
