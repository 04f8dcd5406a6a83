import type { AgentConfigRow } from '@patchbay/shared/contract/schema/agent-config';

export interface AgentFormValues {
  name: string;
  system_prompt: string;
  greeting: string;
  voice_model: string;
  /** Empty: the deployment's default. */
  model: string;
  /** Empty: the model's default. */
  reasoning_effort: string;
  turn_detection: string;
  turn_eagerness: string;
  /** Empty: detected. */
  language: string;
  all_servers: boolean;
  servers: string[];
}

export interface ModelChoices {
  voices: string[];
  models: string[];
  efforts: string[];
  languages: { code: string; name: string }[];
}

export const EMPTY_AGENT: AgentFormValues = {
  name: '',
  system_prompt: '',
  greeting: '',
  voice_model: 'coral',
  model: '',
  reasoning_effort: '',
  turn_detection: 'fast',
  turn_eagerness: 'auto',
  language: '',
  all_servers: true,
  servers: [],
};

export function agentValuesOf(agent: AgentConfigRow, servers: string[]): AgentFormValues {
  return {
    name: agent.name,
    system_prompt: agent.system_prompt,
    greeting: agent.greeting ?? '',
    voice_model: agent.voice_model,
    model: agent.model ?? '',
    reasoning_effort: agent.reasoning_effort ?? '',
    turn_detection: agent.turn_detection,
    turn_eagerness: agent.turn_eagerness,
    language: agent.language ?? '',
    all_servers: agent.all_servers,
    servers,
  };
}

export interface AgentFormResult {
  values: AgentFormValues;
  errors?: Record<string, string[]>;
  message?: string;
  hint?: string;
  isSaved?: boolean;
}

/** Names a copy, within the 80 characters of a name. */
export function copyName(name: string): string {
  return `Copy of ${name}`.slice(0, 80);
}
