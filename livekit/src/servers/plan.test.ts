import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, type Configured, plan } from './plan.ts';

const server = (id: string, configVersion = 1, credentialId: string | null = null): Configured => ({
  id,
  configVersion,
  credentialId,
});

describe('plan', () => {
  it('opens what is new, closes what is gone, replaces what has changed, in that kind of order', () => {
    const desired = [server('new'), server('same'), server('edited', 3)];
    const actual = [server('gone'), server('same'), server('edited', 2)];
    expect(plan(desired, actual)).toEqual([
      { do: 'close', serverId: 'gone' },
      { do: 'replace', serverId: 'edited' },
      { do: 'open', serverId: 'new' },
    ]);
  });

  it('does nothing when nothing differs', () => {
    expect(plan([server('a'), server('b', 4)], [server('b', 4), server('a')])).toEqual([]);
  });

  it('takes no notice of a version older than the one it has', () => {
    expect(plan([server('a', 1)], [server('a', 2)])).toEqual([]);
  });

  it('replaces a connection of before the user signed in, or signed in again', () => {
    const replace = [{ do: 'replace', serverId: 'a' }];
    expect(plan([server('a', 1, 'new')], [server('a', 1)])).toEqual(replace);
    expect(plan([server('a', 1, 'new')], [server('a', 1, 'old')])).toEqual(replace);
    expect(plan([server('a', 1)], [server('a', 1, 'old')])).toEqual(replace);
    expect(plan([server('a', 1, 'old')], [server('a', 2, 'new')])).toEqual([]);
  });

  it('reaches the desired state in one go and then rests, whatever the two are', () => {
    const servers = fc.uniqueArray(
      fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        configVersion: fc.integer({ min: 1, max: 4 }),
        credentialId: fc.constantFrom(null, 'one', 'other'),
      }),
      { selector: (entry) => entry.id },
    );
    fc.assert(
      fc.property(servers, servers, (desired, actual) => {
        const after = applied(actual, plan(desired, actual), desired);
        expect(new Set(after.map(({ id }) => id))).toEqual(new Set(desired.map(({ id }) => id)));
        expect(plan(desired, after)).toEqual([]);
      }),
    );
  });
});

function applied(actual: Configured[], actions: Action[], desired: Configured[]): Configured[] {
  const held = new Map(actual.map((entry) => [entry.id, entry]));
  for (const action of actions) {
    held.delete(action.serverId);
    const wanted = desired.find(({ id }) => id === action.serverId);
    if (action.do !== 'close' && wanted) held.set(action.serverId, wanted);
  }
  return [...held.values()];
}
