import type { AgentConfigRow } from '@patchbay/shared/schema/agent-config';

/** The agent form as text fields. */
export interface AgentFormValues {
  name: string;
  system_prompt: string;
  greeting: string;
  voice_model: string;
  temperature: string;
  all_servers: boolean;
  /** Ids of the chosen servers; they count when `all_servers` is false. */
  servers: string[];
}

export const EMPTY_AGENT: AgentFormValues = {
  name: '',
  system_prompt: '',
  greeting: '',
  voice_model: 'coral',
  temperature: '80',
  all_servers: true,
  servers: [],
};

export function agentValuesOf(agent: AgentConfigRow, servers: string[]): AgentFormValues {
  const { name, system_prompt, greeting, voice_model, temperature, all_servers } = agent;
  return {
    name,
    system_prompt,
    greeting: greeting ?? '',
    voice_model,
    temperature: String(temperature),
    all_servers,
    servers,
  };
}

/** The answer of the form. */
export interface AgentFormResult {
  values: AgentFormValues;
  errors?: Record<string, string[]>;
  /** A problem of the whole form. */
  message?: string;
  isSaved?: boolean;
}

/** A name for a copy, within the 80 characters of a name. */
export function copyName(name: string): string {
  return `Copy of ${name}`.slice(0, 80);
}
