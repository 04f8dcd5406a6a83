import { NO_FILTER, STATE_FILTERS, type Filter } from './filter.ts';
import { SORTS, type Sort } from './sort.ts';

export interface ListView extends Filter {
  sort: Sort;
}

export function readView(query: URLSearchParams): ListView {
  return {
    search: query.get('q') ?? '',
    state: STATE_FILTERS.find((state) => state === query.get('state')) ?? NO_FILTER.state,
    tag: query.get('tag') || null,
    sort: SORTS.find((sort) => sort === query.get('sort')) ?? 'own',
  };
}

/** The URL of a view, without defaults. */
export function viewHref(view: ListView): string {
  const query = new URLSearchParams();
  if (view.search) query.set('q', view.search);
  if (view.state !== NO_FILTER.state) query.set('state', view.state);
  if (view.tag !== null) query.set('tag', view.tag);
  if (view.sort !== 'own') query.set('sort', view.sort);
  return query.size > 0 ? `/servers?${query}` : '/servers';
}
