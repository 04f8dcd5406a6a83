import { expect, it } from 'vitest';
import { describeModel } from './model-catalog.ts';

it('tells until when a model is there', () => {
  expect(describeModel('gpt-realtime')).toMatchObject({
    status: 200,
    body: { id: 'gpt-realtime', object: 'model', shutdown_date: '2027-01-20' },
  });
  expect(describeModel('gpt-realtime-2.1').body).toMatchObject({ shutdown_date: null });
});

it('has no model that OpenAI does not have', () => {
  expect(describeModel('gpt-x')).toMatchObject({
    status: 404,
    body: { error: { code: 'model_not_found', param: 'model' } },
  });
});
