import { expect, it } from 'vitest';
import { describeModel } from './model-catalog.ts';

it('returns the shutdown date of a model', () => {
  expect(describeModel('gpt-realtime')).toMatchObject({
    status: 200,
    body: { id: 'gpt-realtime', object: 'model', shutdown_date: '2027-01-20' },
  });
  expect(describeModel('gpt-realtime-2.1').body).toMatchObject({ shutdown_date: null });
});

it("doesn't list a model that OpenAI doesn't have", () => {
  expect(describeModel('gpt-x')).toMatchObject({
    status: 404,
    body: { error: { code: 'model_not_found', param: 'model' } },
  });
});
