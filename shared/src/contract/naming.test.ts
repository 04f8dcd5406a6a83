import { describe, expect, it } from 'vitest';
import { assignToolNames, modelToolName, slugFromName } from './naming.ts';

describe('slugFromName', () => {
  it.each([
    ['Café Notes (v2)', 'cafe-notes-v2'],
    ['  --My  Server-- ', 'my-server'],
    ['時計', 'server'],
    ['a'.repeat(31) + ' bc', 'a'.repeat(31)],
  ])('%s → %s', (name, slug) => {
    expect(slugFromName(name)).toBe(slug);
  });
});

describe('modelToolName', () => {
  it('joins slug and tool when the model accepts that', () => {
    expect(modelToolName('clock', 'get_time')).toBe('clock__get_time');
  });

  it('cleans and cuts to what the model accepts, and stays apart by a hash', () => {
    const names = ['files/read', 'files.read', 'files read', 'x'.repeat(200), 'x'.repeat(201)].map((tool) =>
      modelToolName('disk', tool),
    );
    for (const name of names) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(new Set(names).size).toBe(names.length);
  });

  it('is the same in every process', () => {
    expect(modelToolName('disk', 'files/read')).toBe('disk__files_read_1vjkva8');
  });
});

describe('assignToolNames', () => {
  it('keeps names unique across servers, and the first owner keeps its name', () => {
    const assigned = assignToolNames([
      { slug: 'a', tools: ['b__c', 'd'] },
      { slug: 'a__b', tools: ['c'] },
    ]);
    const [first, second, third] = assigned;
    expect(first?.name).toBe('a__b__c');
    expect(second?.name).toBe('a__d');
    expect(third?.name).toMatch(/^a__b__c_[a-z0-9]{7}$/);
  });

  it('gives a tool that is listed twice one name', () => {
    expect(assignToolNames([{ slug: 'a', tools: ['x', 'x'] }])).toHaveLength(1);
  });
});
