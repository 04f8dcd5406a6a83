import { ProtocolError } from '@modelcontextprotocol/client';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../contract/errors.ts';
import { listAllTools, type ToolPage } from './list-tools.ts';

const tool = (name: string) => ({ name, inputSchema: { type: 'object' } });
const two = [tool('one'), tool('two')];

type Page = Omit<ToolPage, 'listWeight'> & Partial<Pick<ToolPage, 'listWeight'>>;

async function list(pageOf: (cursor: string | undefined, page: number) => Page) {
  const cursors: (string | undefined)[] = [];
  const listed = await listAllTools((cursor) =>
    Promise.resolve({ listWeight: 0, ...pageOf(cursor, cursors.push(cursor)) }),
  );
  return {
    ...listed,
    names: listed.tools.map((one) => (one as { name: string }).name),
    pages: cursors.length,
  };
}

describe('a list of tools', () => {
  it('that ends is read to its end, with nothing to note', async () => {
    const { names, note, pages } = await list((cursor) =>
      cursor === undefined
        ? { tools: [tool('one')], nextCursor: 'a' }
        : { tools: [tool('two')], nextCursor: undefined },
    );
    expect({ names, note, pages }).toEqual({ names: ['one', 'two'], note: null, pages: 2 });
  });

  it('keeps a name that is there twice, which the catalog reports', async () => {
    const { names, note } = await list(() => ({ tools: [tool('one'), tool('one')], nextCursor: undefined }));
    expect({ names, note }).toEqual({ names: ['one', 'one'], note: null });
  });

  it('may have a few empty pages', async () => {
    const { names, note } = await list((_cursor, page) => ({
      tools: page === 4 ? [tool('late')] : [],
      nextCursor: page === 4 ? undefined : `${page}`,
    }));
    expect({ names, note: note === null }).toEqual({ names: [], note: false });
    const short = await list((_cursor, page) => ({
      tools: page === 3 ? [tool('late')] : [],
      nextCursor: page === 3 ? undefined : `${page}`,
    }));
    expect({ names: short.names, note: short.note }).toEqual({ names: ['late'], note: null });
  });

  it.each<[string, (cursor: string | undefined, page: number) => Page, number]>([
    ['an empty cursor', () => ({ tools: two, nextCursor: '' }), 1],
    ['the same cursor again and again', () => ({ tools: two, nextCursor: 'p2' }), 2],
    ['two cursors in turns', (_cursor, page) => ({ tools: two, nextCursor: page % 2 === 0 ? 'a' : 'b' }), 3],
    [
      'new cursors without tools',
      (_cursor, page) => ({ tools: page === 1 ? two : [], nextCursor: `${page}` }),
      4,
    ],
    ['the same page with new cursors', (_cursor, page) => ({ tools: two, nextCursor: `${page}` }), 4],
  ])('that never ends (%s) is cut, keeps its tools once each, and says so', async (_what, pageOf, pages) => {
    const listed = await list(pageOf);
    expect(listed.names).toEqual(['one', 'two']);
    expect(listed.pages).toBe(pages);
    expect(listed.note).toContain('the 2 tools');
  });

  it('whose cursor the server rejects ends there; a failure of another kind is one', async () => {
    const failing = (error: Error) =>
      list((cursor) => {
        if (cursor !== undefined) throw error;
        return { tools: two, nextCursor: 'p2' };
      });
    const cause = new ProtocolError(-32_602, 'Invalid cursor');
    const { names, note } = await failing(new AppError('server_error', { cause }));
    expect({ names, note }).toEqual({ names: ['one', 'two'], note: expect.stringContaining('rejects') as string }); // prettier-ignore
    await expect(failing(new AppError('server_error'))).rejects.toThrow();
  });

  it('with ever new tools ends after a hundred pages', async () => {
    const { names, note, pages } = await list((_cursor, page) => ({
      tools: [tool(`tool-${page}`)],
      nextCursor: `${page}`,
    }));
    expect(pages).toBe(100);
    expect(names).toHaveLength(100);
    expect(note).toContain('more than 100 pages');
  });

  it('of more than 8 MB ends at the page that goes beyond, and keeps what it found', async () => {
    const { pages, note } = await list((_cursor, page) => ({
      tools: [tool(`tool-${page}`)],
      nextCursor: `${page}`,
      listWeight: page * 3 * 2 ** 20,
    }));
    expect(pages).toBe(3);
    expect(note).toContain('more than 8 MB');
  });

  it('of a million tools in one page keeps 5,000 and says so', async () => {
    const tools = Array.from({ length: 1_000_000 }, (_, index) => tool(`tool-${index}`));
    const { names, note } = await list(() => ({ tools, nextCursor: undefined }));
    expect(names).toHaveLength(5_000);
    expect(note).toContain('more than 5000 tools. Patchbay stopped there and keeps the 5000 tools');
  });

  it('survives a tool without a name that is nested too deeply', async () => {
    const deep = JSON.parse(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) as unknown;
    const listed = await listAllTools(() =>
      Promise.resolve({ tools: [deep, tool('one')], nextCursor: undefined, listWeight: 0 }),
    );
    expect(listed.tools).toHaveLength(2);
  });
});
