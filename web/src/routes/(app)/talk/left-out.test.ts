import { expect, it } from 'vitest';
import { leftOutNotices } from './left-out.ts';

it('shows no notice when no tool is left out', () => {
  expect(leftOutNotices([])).toEqual([]);
});

it('lists the tools that do not fit, by server', () => {
  const [notice] = leftOutNotices([
    { server: 'clock', tool: 'now', reason: 'limit' },
    { server: 'clock', tool: 'later', reason: 'limit' },
    { server: 'notes', tool: 'add', reason: 'limit' },
  ]);
  expect(notice?.title).toBe('3 tools not included: 2 of clock, 1 of notes.');
  expect(notice?.hint).toMatch(/prompt counts too.* pin .* disable/i);
  expect(notice?.lines).toEqual(['clock: now, later', 'notes: add']);
});

it("lists rejected tools with the model's reason", () => {
  const notices = leftOutNotices([
    { server: 'notes', tool: 'add', reason: 'limit' },
    { server: 'clock', tool: 'now', reason: 'refused', message: 'array schema missing items' },
  ]);
  expect(notices.map(({ reason }) => reason)).toEqual(['refused', 'limit']);
  expect(notices[0]?.title).toBe('The voice model rejected 1 tool: now of clock.');
  expect(notices[0]?.lines).toEqual(['clock · now: array schema missing items']);
});

it('lists the tools that a viewer may not use', () => {
  const [notice] = leftOutNotices([
    { server: 'notes', tool: 'add', reason: 'role' },
    { server: 'notes', tool: 'wipe', reason: 'role' },
  ]);
  expect(notice?.title).toBe('2 tools not available to you: 2 of notes.');
  expect(notice?.hint).toMatch(/Viewers.*only use read-only tools/);
  expect(notice?.lines).toEqual(['notes: add, wipe']);
});
