import { expect, it } from 'vitest';
import { isWhole, tableOf, type Row } from './table.ts';

const server: Row['server'] = { name: 'notes', from: 'npm', package: '@x/notes', version: '1.2.3' };
const steps = { listed: '3', stored: '3', offered: '2 fit', called: 'add_note, list', recovered: 'yes' };

it('has a row for each server, and escapes what Markdown would read', () => {
  expect(tableOf([{ server, outcome: { found: steps } }])).toBe(
    [
      '| server      | version | reached   | listed | stored | offered | called          | recovered |',
      '| ----------- | ------- | --------- | ------ | ------ | ------- | --------------- | --------- |',
      String.raw`| notes (npm) | 1.2.3   | mcp-proxy | 3      | 3      | 2 fit   | add\_note, list | yes       |`,
    ].join('\n'),
  );
});

it('marks the step that failed, and lists the reason in one line', () => {
  const { recovered: _, ...found } = steps;
  const fault = { step: 'recovered', why: 'connection_lost:\n`404`' } as const;
  const failed: Row = { server: { ...server, http: { path: '/mcp' } }, outcome: { found, fault } };
  const absent: Row = { server: { ...server, from: 'Go' }, outcome: null, why: 'needs Go' };
  const lines = tableOf([failed, absent]).split('\n');
  expect(lines[2]).toMatch(/\| HTTP .*\| \*\*no\*\* +\|$/);
  expect(lines[3]).toMatch(/^\| notes \(Go\) +\| 1\.2\.3 +\| mcp-proxy +(\| +)+\|$/);
  expect(lines.slice(4)).toEqual([
    '',
    "- notes: recovered: `connection_lost: '404'`",
    '- notes: not installed: `needs Go`',
  ]);
  expect([failed, absent].map(isWhole)).toEqual([false, false]);
});
