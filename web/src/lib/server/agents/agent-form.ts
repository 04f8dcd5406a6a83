import { AgentConfigInput } from '@patchbay/shared/contract/schema/agent-config';
import { readFields, sentencesOf } from '@patchbay/shared/contract/schema/fields';
import type { z } from 'zod';
import type { AgentFormValues } from '../../agents/form-values.ts';
import { invalidFields, type Result } from '../result.ts';

// The default flag has its own action; temperature can be set by REST only.
const AgentFields = AgentConfigInput.omit({ is_default: true, provider: true, temperature: true });
export type AgentFields = z.infer<typeof AgentFields>;

export type ParsedAgentForm = Result<AgentFields> & { values: AgentFormValues };

export function parseAgentForm(form: FormData): ParsedAgentForm {
  const values: AgentFormValues = {
    name: text(form, 'name'),
    system_prompt: text(form, 'system_prompt'),
    greeting: text(form, 'greeting'),
    voice_model: text(form, 'voice_model'),
    model: text(form, 'model'),
    reasoning_effort: text(form, 'reasoning_effort'),
    turn_detection: text(form, 'turn_detection'),
    turn_eagerness: text(form, 'turn_eagerness'),
    language: text(form, 'language'),
    all_servers: form.get('servers_mode') !== 'chosen',
    servers: form.getAll('servers').filter((id) => typeof id === 'string'),
  };
  const { servers: _servers, ...fields } = values;
  const read = readFields(AgentFields, { ...fields, reasoning_effort: values.reasoning_effort || null });
  return read.ok
    ? { ok: true, value: read.value, values }
    : { ...invalidFields(sentencesOf(read.fieldErrors)), values };
}

function text(form: FormData, field: string): string {
  const value = form.get(field);
  return typeof value === 'string' ? value : '';
}
