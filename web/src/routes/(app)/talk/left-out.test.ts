import { expect, it } from 'vitest';
import { leftOutNotices } from './left-out.ts';

it('says nothing when nothing is left out', () => {
  expect(leftOutNotices([])).toEqual([]);
});

it('tells how many tools of which servers do not fit, and which', () => {
  const [notice] = leftOutNotices([
    { server: 'clock', tool: 'now', reason: 'limit' },
    { server: 'clock', tool: 'later', reason: 'limit' },
    { server: 'notes', tool: 'add', reason: 'limit' },
  ]);
  expect(notice?.title).toBe('3 tools were left out: 2 of clock, 1 of notes.');
  expect(notice?.hint).toMatch(/prompt counts too.* pin .* switch off/i);
  expect(notice?.lines).toEqual(['clock: now, later', 'notes: add']);
});

it('tells which tool the model refuses, and what it said', () => {
  const notices = leftOutNotices([
    { server: 'notes', tool: 'add', reason: 'limit' },
    { server: 'clock', tool: 'now', reason: 'refused', message: 'array schema missing items' },
  ]);
  expect(notices.map(({ reason }) => reason)).toEqual(['refused', 'limit']);
  expect(notices[0]?.title).toBe('The voice model does not accept a tool: now of clock.');
  expect(notices[0]?.lines).toEqual(['clock · now: array schema missing items']);
});

it('tells a viewer which tools their role does not allow', () => {
  const [notice] = leftOutNotices([
    { server: 'notes', tool: 'add', reason: 'role' },
    { server: 'notes', tool: 'wipe', reason: 'role' },
  ]);
  expect(notice?.title).toBe('2 tools are not available to you: 2 of notes.');
  expect(notice?.hint).toMatch(/viewer.*only read-only tools/);
  expect(notice?.lines).toEqual(['notes: add, wipe']);
});
