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
  temperature: '60',
};

it('reads an agent with chosen servers', () => {
  const parsed = parseAgentForm(form({ ...typed, servers_mode: 'chosen', servers: ['a', 'b'] }));
  expect(parsed).toMatchObject({
    ok: true,
    input: { name: 'Guide', temperature: 60, all_servers: false },
    values: { name: ' Guide ', servers: ['a', 'b'] },
  });
});

it('gives all servers when nothing was chosen', () => {
  expect(parseAgentForm(form(typed))).toMatchObject({ ok: true, input: { all_servers: true } });
});

it.each([
  [{ name: ' ' }, ['name']],
  [{ temperature: '' }, ['temperature']],
  [{ temperature: 'warm' }, ['temperature']],
  [{ temperature: '101', voice_model: 'nobody' }, ['voice_model', 'temperature']],
  [{ greeting: 'x'.repeat(1001) }, ['greeting']],
])('%j is told by field, and what was typed stays', (wrong, fields) => {
  const parsed = parseAgentForm(form({ ...typed, ...wrong }));
  expect(parsed.ok ? [] : Object.keys(parsed.errors)).toEqual(fields);
  expect(parsed.values).toMatchObject(wrong);
});
