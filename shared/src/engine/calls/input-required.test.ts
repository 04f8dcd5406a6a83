import { describe, expect, it } from 'vitest';
import { unanswerableInput } from './input-required.ts';

const asks = (...requests: unknown[]) => ({
  resultType: 'input_required',
  requestState: 'x',
  inputRequests: Object.fromEntries(requests.map((request, at) => [`q${at}`, request])),
});
const form = { method: 'elicitation/create', params: { mode: 'form', message: 'Your name?' } };
const page = {
  method: 'elicitation/create',
  params: { mode: 'url', message: 'Please pay', url: 'https://pay.example/session?secret=1' },
};

describe('a result that asks for input', () => {
  it.each<[string, unknown, boolean, RegExp]>([
    ['a question, and nobody can be asked', form, false, /asks the user: “Your name\?”/],
    ['a page to open', page, true, /open a page on pay\.example: “Please pay”/],
    ['a language model', { method: 'sampling/createMessage', params: {} }, true, /language model/],
    ['folders', { method: 'roots/list' }, true, /folders/],
    ['something unknown', { method: 'custom/thing' }, true, /custom\/thing/],
    ['nothing readable', 'what', true, /can't be read/],
  ])('fails the call with what the server wants: %s', (_what, request, canAsk, words) => {
    const error = unanswerableInput(asks(request), canAsk);
    expect(error).toMatchObject({ code: 'input_required', message: expect.stringMatching(words) as string });
    expect(error?.message).not.toContain('secret');
  });

  it.each([{}, null, undefined])('says so when nothing is asked for (%j)', (inputRequests) => {
    const error = unanswerableInput({ resultType: 'input_required', inputRequests }, true);
    expect(error?.message).toContain("doesn't say what");
  });

  it('names each thing that is wanted, and shortens long questions', () => {
    const long = { ...form, params: { message: 'why '.repeat(500) } };
    const message = unanswerableInput(asks(long, { method: 'roots/list' }), false)?.message ?? '';
    expect(message).toMatch(/why.*and wants to know which folders/);
    expect(message.length).toBeLessThan(400);
  });

  it.each<[string, Record<string, unknown>, boolean]>([
    ['a question that a user can be asked', asks(form), true],
    ['only to be called again', asks(), false],
    ['nothing', { content: [] }, false],
  ])('is left to the SDK when it asks for %s', (_what, result, canAsk) => {
    expect(unanswerableInput(result, canAsk)).toBeNull();
  });
});
