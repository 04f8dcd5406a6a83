import { describe, expect, it } from 'vitest';
import { END_REASONS, describeEnd } from './end-reason.ts';

describe('describeEnd', () => {
  it.each(END_REASONS.filter((reason) => !['user_left', 'worker_drained'].includes(reason)))(
    'says what happened and what to do for %s',
    (reason) => {
      const description = describeEnd(reason);
      expect(description?.title).toMatch(/^[A-Z].+\.$/);
      expect(description?.hint).toMatch(/^[A-Z].+\.$/);
    },
  );

  it.each(['user_left', 'worker_drained', 'toString', null])('says nothing for %s', (reason) => {
    expect(describeEnd(reason)).toBeNull();
  });
});
