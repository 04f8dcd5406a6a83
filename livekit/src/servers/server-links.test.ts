import { AppError } from '@patchbay/shared/contract/errors';
import { ResultCache } from '@patchbay/shared/engine/calls/result-cache';
import { describe, expect, it } from 'vitest';
import { ServerLinks } from './server-links.ts';
import { snapshotServer } from '../testing/snapshot.ts';

const server = snapshotServer({ id: 'c', name: 'clock' });

describe('the links of a conversation', () => {
  const open = () => {
    const removed: string[] = [];
    const links = new ServerLinks({
      cache: new ResultCache({ now: () => 0 }),
      credentialOf: () => Promise.reject(new AppError('credential_missing')),
      open: () => {
        throw new Error('not reached');
      },
      onState: () => {},
      onCatalog: () => {},
      onAvailability: () => {},
      onRemoved: (link) => removed.push(link.server.id),
    });
    return { links, removed };
  };

  it('are what the actions made of them', () => {
    const { links, removed } = open();
    links.apply([{ do: 'open', serverId: 'c' }], [server]);
    expect(links.actual).toEqual([{ id: 'c', configVersion: 1, credentialId: null }]);
    const first = links.of('c');
    links.apply([{ do: 'replace', serverId: 'c' }], [{ ...server, config_version: 2 }]);
    expect(links.actual).toEqual([{ id: 'c', configVersion: 2, credentialId: null }]);
    expect(links.of('c')).not.toBe(first);
    expect(removed).toEqual([]);
    links.apply([{ do: 'close', serverId: 'c' }], []);
    expect([links.actual, removed]).toEqual([[], ['c']]);
  });
});
