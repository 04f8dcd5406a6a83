import { expect, it } from 'vitest';
import { readSuccessors } from './delete-account.server.ts';

it('reads the new owner of each workspace, and omits those not selected', () => {
  const form = new FormData();
  form.set('confirm', 'ann@x.test');
  form.set('successor:w1', 'bob');
  form.set('successor:w2', 'delete');
  form.set('successor:w3', '');
  expect(readSuccessors(form)).toEqual({ w1: 'bob', w2: null });
});
