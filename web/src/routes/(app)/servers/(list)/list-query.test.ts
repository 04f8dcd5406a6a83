import { expect, it } from 'vitest';
import { readView, viewHref, type ListView } from './list-query.ts';

it('a view survives a round trip through the URL', () => {
  const views: ListView[] = [
    { search: '', state: 'all', tag: null, sort: 'own' },
    { search: 'a & b=c', state: 'failing', tag: 'día libre', sort: 'latency' },
  ];
  for (const view of views) expect(readView(new URL(viewHref(view), 'http://x').searchParams)).toEqual(view);
  expect(views.map(viewHref)[0]).toBe('/servers');
});

it('unknown parameters are read as defaults', () => {
  expect(readView(new URLSearchParams('state=evil&sort=__proto__'))).toMatchObject({
    state: 'all',
    sort: 'own',
  });
});
