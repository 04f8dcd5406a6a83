import { describe, expect, it } from 'vitest';
import { isQuoteOf, lineOf, placeLinks, quotesOf } from './source-links.ts';

const SOURCE = `import { Other } from './other.ts';

/** Says Door in its comment, and uses Door.open(). */
export class Door {
  readonly isOpen = false;
  #lock = new Lock();

  async open(key: Key): Promise<void> {
    await this.#turn(key);
  }

  #turn(key: Key) {}
}
export const LIMIT_MS = 5;
`;
const SQL = `-- is_due speaks of itself
create function private.is_due(p_id uuid) returns boolean
create policy "members see servers" on public.mcp_servers for select
create function public.due_servers() returns jsonb`;

describe('the line of a name', () => {
  it.each([
    ['Door', 4],
    ['Door.isOpen', 5],
    ['Door.open', 8],
    ['Door.#turn', 12],
    ['LIMIT_MS', 14],
  ])('%s is declared on line %d', (name, line) => {
    expect(lineOf(name, SOURCE)).toBe(line);
  });

  it.each(['Doo', 'Door.close', 'Lock', 'LIMIT', 'Other'])('%s is not declared', (name) => {
    expect(lineOf(name, SOURCE)).toBeNull();
  });

  it('is found in SQL, with its schema and as a sentence', () => {
    expect(lineOf('private.is_due', SQL)).toBe(2);
    expect(lineOf('members see servers', SQL)).toBe(3);
    expect(lineOf('due_servers', SQL)).toBe(4);
    expect(lineOf('private.is', SQL)).toBeNull();
  });
});

describe('links of a document', () => {
  const read = (path: string) => (path === '../door.ts' ? SOURCE : null);

  it('get the line of what they name, whatever line they had', () => {
    const { text, missing } = placeLinks('[`Door`](../door.ts) opens in [`Door.open`](../door.ts#L3).', read);
    expect(text).toBe('[`Door`](../door.ts#L4) opens in [`Door.open`](../door.ts#L8).');
    expect(missing).toEqual([]);
  });

  it('are told when their name or their file is gone, and left as they are', () => {
    const document = '[`Door.shut`](../door.ts#L9) and [`Window`](../window.ts#L1)';
    const { text, missing } = placeLinks(document, read);
    expect(text).toBe(document);
    expect(missing).toEqual(['Door.shut in ../door.ts', 'Window in ../window.ts']);
  });

  it('to a whole file, or to a page, need no line', () => {
    const document = '[`door.ts`](../door.ts) [the door](../door.ts) [`Door`](https://example.com/door.ts)';
    expect(placeLinks(document, read)).toEqual({ text: document, missing: [] });
  });
});

describe('quotes', () => {
  const document =
    'So:\n\n```ts file=door.ts\nasync open(key: Key): Promise<void> {\n```\n\n```sh\nls\n```\n';

  it('are the blocks that name a file', () => {
    expect(quotesOf(document)).toEqual([
      { path: 'door.ts', code: 'async open(key: Key): Promise<void> {\n' },
    ]);
  });

  it('hold whatever the line breaks, and not when a word differs', () => {
    expect(isQuoteOf('async open(key: Key):\n  Promise<void> {', SOURCE)).toBe(true);
    expect(isQuoteOf('async open(key: Lock): Promise<void> {', SOURCE)).toBe(false);
  });
});
