import { expect, it } from 'vitest';
import { modelChoices } from './model-choices.server.ts';

it('offers languages by name, and the current model first', () => {
  const { models, languages } = modelChoices();
  expect(models[0]).toBe('gpt-realtime-2.1');
  expect(languages).toContainEqual({ code: 'de', name: 'German' });
  expect(languages.slice(0, 2).map(({ name }) => name)).toEqual(['Afrikaans', 'Arabic']);
});

it('keeps a language that was set by REST', () => {
  expect(modelChoices('pt-BR').languages).toContainEqual({ code: 'pt-BR', name: 'Brazilian Portuguese' });
  expect(modelChoices('de').languages).toHaveLength(modelChoices().languages.length);
});

it.each(['en-12', 'en-US-GB', 'en-ab-cd'])(
  'offers %s as it is, which REST stores and no language has',
  (code) => {
    expect(modelChoices(code).languages).toContainEqual({ code, name: code });
  },
);
