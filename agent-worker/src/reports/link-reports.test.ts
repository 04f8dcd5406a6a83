import { expect, it } from 'vitest';
import type { CatalogObservation } from '../database.ts';
import { LinkReports } from './link-reports.ts';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import { snapshotServer, storedTool } from '@patchbay/livekit/testing/snapshot';

it('a first list is reported when it is another than the stored one, also in its order', () => {
  const reported: CatalogObservation[] = [];
  const reports = new LinkReports({ status: () => {}, catalog: (one) => reported.push(one) }, 'u1');
  const stored = [storedTool('b'), storedTool('a')];
  const linkTo = (tools = stored) =>
    ({ server: snapshotServer({ id: 's', name: 'srv', tools }) }) as unknown as ServerLink;
  const list = (...names: string[]) => ({ tools: names.map((name) => storedTool(name)), skipped: [] });
  const link = linkTo();
  reports.catalog(link, list('b', 'a'));
  expect(reported).toEqual([]);
  reports.catalog(linkTo(), list('a', 'b'));
  reports.catalog(linkTo(), list('b'));
  expect(reported.map(({ tools }) => tools.map(({ name }) => name))).toEqual([['a', 'b'], ['b']]);
  // Later lists of the same link are news in any case.
  reports.catalog(link, list('b', 'a'));
  expect(reported).toHaveLength(3);
  // What cannot be used is not in the snapshot: it is told each time.
  const skipped = [{ name: 'odd', reason: 'The tool is odd.' }];
  reports.catalog(linkTo(), { ...list('b', 'a'), skipped });
  expect(reported.at(-1)).toMatchObject({ skipped });
});
