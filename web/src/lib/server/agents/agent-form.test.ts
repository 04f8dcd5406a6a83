import { expect, it } from 'vitest';
import { parseAgentForm } from './agent-form.ts';

function form(fields: Record<string, string | string[]>): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) data.append(name, one);
  }
  return data;
}
const typed = {
  name: ' Guide ',
  system_prompt: 'Help.',
  greeting: '',
  voice_model: 'coral',
  model: ' gpt-realtime-2.1-mini ',
  reasoning_effort: 'low',
  turn_detection: 'semantic',
  turn_eagerness: 'high',
  language: 'de',
};

it('reads an agent with selected servers', () => {
  const parsed = parseAgentForm(form({ ...typed, servers_mode: 'chosen', servers: ['a', 'b'] }));
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      name: 'Guide',
      model: 'gpt-realtime-2.1-mini',
      reasoning_effort: 'low',
      turn_detection: 'semantic',
      turn_eagerness: 'high',
      language: 'de',
      all_servers: false,
    },
    values: { name: ' Guide ', servers: ['a', 'b'] },
  });
});

it('gives all servers when none is selected', () => {
  expect(parseAgentForm(form(typed))).toMatchObject({ ok: true, value: { all_servers: true } });
});

it('takes what is left blank as the default', () => {
  const blank = { model: ' ', reasoning_effort: '', language: '' };
  expect(parseAgentForm(form({ ...typed, ...blank }))).toMatchObject({
    ok: true,
    value: { model: null, reasoning_effort: null, language: null },
  });
});

it('writes neither a temperature nor a provider, so that those set by REST stay', () => {
  const parsed = parseAgentForm(form({ ...typed, temperature: '60', provider: 'openai' }));
  expect(parsed.ok && Object.keys(parsed.value)).not.toContain('temperature');
  expect(parsed.ok && Object.keys(parsed.value)).not.toContain('provider');
});

it.each([
  [{ name: ' ' }, ['name']],
  [{ model: 'the best one', voice_model: 'nobody' }, ['voice_model', 'model']],
  [{ reasoning_effort: 'extreme' }, ['reasoning_effort']],
  [{ turn_detection: 'slow', turn_eagerness: 'eager' }, ['turn_detection', 'turn_eagerness']],
  [{ language: 'Klingon' }, ['language']],
  [{ greeting: 'x'.repeat(1001) }, ['greeting']],
])('%j is reported by field, and the input is kept', (wrong, fields) => {
  const parsed = parseAgentForm(form({ ...typed, ...wrong }));
  expect(parsed.ok ? [] : Object.keys(parsed.fieldErrors ?? {})).toEqual(fields);
  expect(parsed.values).toMatchObject(wrong);
});
