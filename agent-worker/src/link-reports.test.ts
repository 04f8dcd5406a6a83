import { expect, it } from 'vitest';
import type { CatalogueObservation } from './database.ts';
import { LinkReports } from './link-reports.ts';
import type { ServerLink } from './server-link.ts';
import { snapshotServer, storedTool } from './testing/snapshot.ts';

it('a first list is reported when it is another than the stored one, also in its order', () => {
  const reported: CatalogueObservation[] = [];
  const reports = new LinkReports({ status: () => {}, catalogue: (one) => reported.push(one) }, 'u1');
  const stored = [storedTool('b'), storedTool('a')];
  const linkTo = (tools = stored) =>
    ({ server: snapshotServer({ id: 's', name: 'srv', tools }) }) as unknown as ServerLink;
  const link = linkTo();
  reports.catalogue(link, [storedTool('b'), storedTool('a')]);
  expect(reported).toEqual([]);
  reports.catalogue(linkTo(), [storedTool('a'), storedTool('b')]);
  reports.catalogue(linkTo(), [storedTool('b')]);
  expect(reported.map(({ tools }) => tools.map(({ name }) => name))).toEqual([['a', 'b'], ['b']]);
  // Later lists of the same link are news in any case.
  reports.catalogue(link, [storedTool('b'), storedTool('a')]);
  expect(reported).toHaveLength(3);
});
