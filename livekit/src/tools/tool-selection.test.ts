import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelTool } from '../testing/model-tool.ts';
import { type ToolStanding, selectTools } from './tool-selection.ts';
import { type ModelTool, sizeOf } from './tool-set.ts';

const NEW: ToolStanding = { isInUse: false, isRecent: false, isCurrent: false };
const PLENTY = { tools: 128, tokens: 16_384 };

interface Case {
  tools: ModelTool[];
  standings: Map<string, ToolStanding>;
}
const standingIn =
  ({ standings }: Case) =>
  ({ name }: ModelTool) =>
    standings.get(name) ?? NEW;

/** Up to six servers with up to forty tools of any size and standing. */
const cases = fc
  .array(
    fc.array(
      fc.record({
        tokens: fc.integer({ min: 10, max: 2_500 }),
        isReadOnly: fc.boolean(),
        isPinned: fc.boolean(),
        isInUse: fc.integer({ min: 0, max: 19 }).map((n) => n === 0),
        isRecent: fc.boolean(),
        isCurrent: fc.boolean(),
      }),
      { maxLength: 40 },
    ),
    { maxLength: 6 },
  )
  .map((servers): Case => {
    const standings = new Map<string, ToolStanding>();
    const tools = servers.flatMap((own, server) =>
      own.map(({ tokens, isReadOnly, isPinned, ...standing }, index) => {
        const name = `s${server}__t${index}`;
        standings.set(name, standing);
        return modelTool(name, {
          serverId: `s${server}`,
          tokens,
          access: isReadOnly ? 'read' : 'write',
          isPinned,
        });
      }),
    );
    return { tools, standings };
  });
const budgets = fc.record({
  tools: fc.integer({ min: 0, max: 128 }),
  tokens: fc.integer({ min: 0, max: 16_384 }),
});

const of = (tools: Iterable<ModelTool>, serverId: string) =>
  [...tools].filter((tool) => tool.serverId === serverId);
const lot = (serverId: string, count: number, rest: Partial<ModelTool> = {}) =>
  Array.from({ length: count }, (_, index) =>
    modelTool(`${serverId}__t${index}`, { serverId, tokens: 100, ...rest }),
  );

describe('selectTools', () => {
  it('keeps to the budget, and leaves out nothing that would still fit', () => {
    fc.assert(
      fc.property(cases, budgets, (given, budget) => {
        const chosen = selectTools(given.tools, budget, standingIn(given));
        const size = sizeOf([...chosen]);
        expect(size.tools).toBeLessThanOrEqual(budget.tools);
        expect(size.tokens).toBeLessThanOrEqual(budget.tokens);
        const fits = ({ tokens }: ModelTool) =>
          size.tools < budget.tools && size.tokens + tokens <= budget.tokens;
        expect(given.tools.filter((tool) => !chosen.has(tool) && fits(tool))).toEqual([]);
      }),
    );
  });

  it('is the same for the same input', () => {
    fc.assert(
      fc.property(cases, budgets, (given, budget) => {
        const once = [...selectTools(given.tools, budget, standingIn(given))];
        expect([...selectTools(structuredClone(given.tools), budget, standingIn(given))]).toEqual(once);
      }),
    );
  });

  it('keeps every tool in use as long as those fit, whatever servers come', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const inUse = given.tools.filter((tool) => standingIn(given)(tool).isInUse);
        fc.pre(sizeOf(inUse).tokens <= PLENTY.tokens && inUse.length <= PLENTY.tools);
        const chosen = selectTools([...lot('large', 200), ...given.tools], PLENTY, standingIn(given));
        expect(inUse.filter((tool) => !chosen.has(tool))).toEqual([]);
      }),
    );
  });

  it('gives every server its fair share: none gets less than another gave up a place for', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const calm: Case = { tools: given.tools, standings: new Map() };
        const chosen = selectTools(calm.tools, PLENTY, standingIn(calm));
        const servers = [...new Set(calm.tools.map(({ serverId }) => serverId))];
        const largest = Math.max(0, ...calm.tools.map(({ tokens }) => tokens));
        const share = PLENTY.tokens / servers.length - largest;
        for (const id of servers) {
          const own = of(calm.tools, id);
          const got = sizeOf(of(chosen, id));
          const isWhole = got.tools === own.length;
          expect(
            isWhole || got.tokens >= share || got.tools >= Math.floor(PLENTY.tools / servers.length),
          ).toBe(true);
        }
      }),
    );
  });

  it('makes room for one more tool with few changes', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 10, max: 500 }), (given, tokens) => {
        const before = selectTools(given.tools, PLENTY, standingIn(given));
        const held = new Map(given.tools.map((tool) => [tool.name, { ...NEW, isCurrent: before.has(tool) }]));
        const settled: Case = { tools: given.tools, standings: held };
        const now = selectTools(given.tools, PLENTY, standingIn(settled));
        const more = modelTool('s0__more', { serverId: 's0', tokens });
        const after = selectTools([...given.tools, more], PLENTY, standingIn(settled));
        const gone = [...now].filter((tool) => !after.has(tool));
        // As much as it needs, and what does not fit exactly.
        const largest = Math.max(0, ...given.tools.map((tool) => tool.tokens));
        expect(sizeOf(gone).tokens).toBeLessThanOrEqual(2 * (tokens + largest));
      }),
    );
  });

  it('gives what small servers do not need to the others', () => {
    const tools = [...lot('small', 3), ...lot('large', 200), ...lot('other', 200)];
    const chosen = selectTools(tools, PLENTY, () => NEW);
    expect(of(chosen, 'small')).toHaveLength(3);
    expect([of(chosen, 'large').length, of(chosen, 'other').length]).toEqual([63, 62]);
  });

  it('takes pinned tools first, then recently used ones, then those that the model has, then those that only read', () => {
    const tools = [
      modelTool('create'),
      modelTool('pinned_write', { isPinned: true }),
      modelTool('delete'),
      modelTool('list', { saysItReads: true }),
      modelTool('held_write'),
      modelTool('read', { saysItReads: true }),
      modelTool('used_write'),
    ];
    const standingOf = ({ name }: ModelTool): ToolStanding => ({
      ...NEW,
      isRecent: name === 'used_write',
      isCurrent: name === 'held_write',
    });
    const names = (count: number) =>
      [...selectTools(tools, { tools: count, tokens: 16_384 }, standingOf)].map(({ name }) => name);
    expect(names(7)).toEqual([
      'pinned_write',
      'used_write',
      'held_write',
      'list',
      'read',
      'create',
      'delete',
    ]);
    expect(names(3)).toEqual(['pinned_write', 'used_write', 'held_write']);
  });

  it('with no room for tools chooses none', () => {
    expect(selectTools(lot('any', 5), { tools: 128, tokens: 0 }, () => NEW).size).toBe(0);
    expect(selectTools(lot('any', 5), { tools: 0, tokens: 500 }, () => NEW).size).toBe(0);
  });
});
