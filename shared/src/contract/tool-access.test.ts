import { describe, expect, it } from 'vitest';
import { isRepeatable, mayUseTool, toolAccess, type JudgedTool } from './tool-access.ts';

const TRUSTED = { trusts_hints: true };
const UNKNOWN = { trusts_hints: false };

/** As a row of an older version, or somebody who writes to the database, may hold it. */
const odd = (annotations: object): JudgedTool => ({ annotations: annotations as JudgedTool['annotations'] });

describe('the access of a tool', () => {
  it.each([
    ['nothing said', {}, 'write', 'write'],
    ['nothing said, in other words', { access: null, annotations: null }, 'write', 'write'],
    ['it reads', { annotations: { readOnlyHint: true } }, 'read', 'write'],
    ['it does not only read', { annotations: { readOnlyHint: false } }, 'write', 'write'],
    ['it destroys', { annotations: { destructiveHint: true } }, 'destructive', 'destructive'],
    ['it destroys nothing', { annotations: { destructiveHint: false } }, 'write', 'write'],
    ['both', { annotations: { readOnlyHint: true, destructiveHint: true } }, 'destructive', 'destructive'],
    ['it may be repeated', { annotations: { idempotentHint: true } }, 'write', 'write'],
    ['a word', odd({ readOnlyHint: 'true' }), 'write', 'write'],
    ['a number', odd({ readOnlyHint: 1, destructiveHint: 1 }), 'write', 'write'],
    ['a list', odd({ readOnlyHint: [true], destructiveHint: {} }), 'write', 'write'],
    ['annotations that are a list', odd([{ readOnlyHint: true }]), 'write', 'write'],
    ['set to read, and destroys', { access: 'read', annotations: { destructiveHint: true } }, 'read', 'read'],
    ['set to write, and reads', { access: 'write', annotations: { readOnlyHint: true } }, 'write', 'write'],
    ['set to destructive', { access: 'destructive' }, 'destructive', 'destructive'],
  ] satisfies [string, JudgedTool, string, string][])(
    'with “%s” depends on trust only for what it reads',
    (_what, tool, trusted, unknown) => {
      expect([toolAccess(tool, TRUSTED), toolAccess(tool, UNKNOWN)]).toEqual([trusted, unknown]);
    },
  );
});

describe('a second call', () => {
  it.each([
    ['a tool that reads', { annotations: { readOnlyHint: true } }, true, false],
    ['one that may be repeated', { annotations: { idempotentHint: true } }, true, false],
    [
      'one that destroys and may be repeated',
      { annotations: { destructiveHint: true, idempotentHint: true } },
      true,
      false,
    ],
    ['one that was set to read', { access: 'read' }, true, true],
    [
      'one that was set to write, and reads',
      { access: 'write', annotations: { readOnlyHint: true } },
      false,
      false,
    ],
    ['a claim that is a word', odd({ idempotentHint: 'yes' }), false, false],
    ['no claim', {}, false, false],
  ] satisfies [string, JudgedTool, boolean, boolean][])(
    'of %s takes the word of the workspace or of a trusted server',
    (_what, tool, trusted, unknown) => {
      expect([isRepeatable(tool, TRUSTED), isRepeatable(tool, UNKNOWN)]).toEqual([trusted, unknown]);
    },
  );
});

it('a viewer uses what reads, everybody else uses everything', () => {
  const accesses = ['read', 'write', 'destructive'] as const;
  expect(accesses.map((access) => mayUseTool('viewer', access))).toEqual([true, false, false]);
  for (const role of ['owner', 'admin', 'member'] as const)
    expect(accesses.every((access) => mayUseTool(role, access))).toBe(true);
});
