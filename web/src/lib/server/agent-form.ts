import { AgentConfigInput } from '@patchbay/shared/schema/agent-config';
import { readFields, sentencesOf } from '@patchbay/shared/schema/fields';
import type { z } from 'zod';
import type { AgentFormValues } from '../agents/form-values.ts';

// Which agent is the default is not for this form to say.
const AgentFields = AgentConfigInput.omit({
  is_default: true,
  provider: true,
  model: true,
  reasoning_effort: true,
  turn_detection: true,
  turn_eagerness: true,
  language: true,
});
export type AgentFields = z.infer<typeof AgentFields>;

export type ParsedAgentForm =
  | { ok: true; values: AgentFormValues; input: AgentFields }
  | { ok: false; values: AgentFormValues; errors: Record<string, string[]> };

/** Reads the agent form; `values` is what was typed, to show it again. */
export function parseAgentForm(form: FormData): ParsedAgentForm {
  const values: AgentFormValues = {
    name: text(form, 'name'),
    system_prompt: text(form, 'system_prompt'),
    greeting: text(form, 'greeting'),
    voice_model: text(form, 'voice_model'),
    temperature: text(form, 'temperature'),
    all_servers: form.get('servers_mode') !== 'chosen',
    servers: form.getAll('servers').filter((id) => typeof id === 'string'),
  };
  const { servers: _servers, ...fields } = values;
  const temperature = values.temperature.trim() === '' ? Number.NaN : Number(values.temperature);
  const read = readFields(AgentFields, { ...fields, temperature });
  return read.ok
    ? { ok: true, values, input: read.value }
    : { ok: false, values, errors: sentencesOf(read.fieldErrors) };
}

function text(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}
