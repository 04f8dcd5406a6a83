import { isReasoningModel } from './model-traits.ts';
import { MAX_SESSION_TOKENS, sessionTokens } from './tokens.ts';
import { type Transcription, transcriptionComplaint } from '../turns/transcription.ts';
import type { Complaint } from './complaint.ts';
import type { TurnDetection } from './turn-detection-settings.ts';
import type { SessionPatch, Tool, ToolChoice } from './validate.ts';
import type { Voice } from './voices.ts';

export interface SessionSettings {
  id: string;
  object: 'realtime.session';
  type: 'realtime';
  model: string;
  instructions: string;
  tools: Tool[];
  tool_choice: ToolChoice;
  output_modalities: ('audio' | 'text')[];
  parallel_tool_calls: boolean;
  max_output_tokens: number | 'inf';
  audio: {
    input: {
      format: { type: 'audio/pcm'; rate: 24_000 };
      noise_reduction: { type: string } | null;
      transcription: Transcription | null;
      turn_detection: TurnDetection | null;
    };
    output: { format: { type: 'audio/pcm'; rate: 24_000 }; speed: number; voice: Voice };
  };
  tracing: unknown;
  reasoning: unknown;
  include: string[] | null;
  prompt: unknown;
  truncation: unknown;
}

/** What a session starts with. */
export function initialSettings(id: string, model: string): SessionSettings {
  const format = { type: 'audio/pcm', rate: 24_000 } as const;
  return {
    id,
    object: 'realtime.session',
    type: 'realtime',
    model,
    instructions: '',
    tools: [],
    tool_choice: 'auto',
    output_modalities: ['audio'],
    parallel_tool_calls: true,
    max_output_tokens: 'inf',
    audio: {
      input: {
        format,
        noise_reduction: null,
        transcription: null,
        turn_detection: { type: 'server_vad', threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, create_response: true, interrupt_response: true }, // prettier-ignore
      },
      output: { format, speed: 1, voice: 'alloy' },
    },
    tracing: null,
    reasoning: null,
    include: null,
    prompt: null,
    truncation: 'auto',
  };
}

/**
 * The settings after a checked `session.update`; what the patch does not name stays.
 *
 * @param hasSpoken once the model has spoken, its voice cannot change
 */
export function applyPatch(
  settings: SessionSettings,
  patch: SessionPatch,
  { hasSpoken }: { hasSpoken: boolean },
): { ok: true; settings: SessionSettings } | { ok: false; complaint: Complaint } {
  const { audio, type, ...plain } = patch;
  const voice = audio?.output?.voice;
  if (hasSpoken && voice !== undefined && voice !== settings.audio.output.voice) {
    const message = 'Cannot update a conversation\'s voice if assistant audio is present.'; // prettier-ignore
    return {
      ok: false,
      complaint: { code: 'cannot_update_voice', message, param: 'session.audio.output.voice' },
    };
  }
  const unsupported = unsupportedParameter(settings.model, patch, 'session');
  if (unsupported) return { ok: false, complaint: unsupported };
  const next: SessionSettings = {
    ...settings,
    ...given(plain),
    model: settings.model, // the model of a session is the one it was opened with
    type,
    audio: {
      input: { ...settings.audio.input, ...given(audio?.input ?? {}), format: settings.audio.input.format },
      output: {
        ...settings.audio.output,
        ...given(audio?.output ?? {}),
        format: settings.audio.output.format,
      },
    },
  };
  const unheard = transcriptionComplaint(next.audio.input);
  if (unheard) return { ok: false, complaint: unheard };
  const tooLong = patch.instructions === undefined && !patch.tools ? undefined : tooManyTokens(next);
  return tooLong ? { ok: false, complaint: tooLong } : { ok: true, settings: next };
}

/** A parameter that only reasoning models have, sent to one that does not reason. */
export function unsupportedParameter(
  model: string,
  sent: { reasoning?: unknown; parallel_tool_calls?: unknown },
  place: 'session' | 'response',
): Complaint | undefined {
  if (isReasoningModel(model)) return undefined;
  const name = (['reasoning', 'parallel_tool_calls'] as const).find((key) => sent[key] !== undefined);
  if (!name) return undefined;
  const param = `${place}.${name}`;
  const message = `Unsupported parameter: '${param}' is not supported with this model.`;
  return { code: 'unsupported_parameter', message, param };
}

/** OpenAI documents the limit but no wording: read only the event's id from this error. */
function tooManyTokens(settings: SessionSettings): Complaint | undefined {
  const tokens = sessionTokens(settings);
  if (tokens <= MAX_SESSION_TOKENS) return undefined;
  const message = `Invalid 'session': instructions and tools are too long. Expected at most ${MAX_SESSION_TOKENS} tokens, but got ${tokens} tokens instead.`;
  return { code: 'invalid_value', message, param: 'session' };
}

const MOST_FORMER_TOOLS = 64;

/** Tools that were held once and are held no more, newest last: so that the model can say that one is gone. */
export function formerTools(former: Tool[], before: Tool[], now: Tool[]): Tool[] {
  const live = new Set(now.map((tool) => tool.name));
  const known = new Map([...former, ...before].map((tool) => [tool.name, tool]));
  return [...known.values()].filter((tool) => !live.has(tool.name)).slice(-MOST_FORMER_TOOLS);
}

function given<T extends object>(patch: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }; // filtered in the line above
}
