import type { llm } from '@livekit/agents';
import type { AppError } from '@patchbay/shared/contract/errors';
import type { Activity } from '@patchbay/shared/contract/schema/activity';
import type { RecordedCall } from '@patchbay/shared/contract/schema/session';
import type { CallResult } from '@patchbay/shared/engine/calls/result';
import { expect } from 'vitest';
import type { SpeechScheduler } from '../calls/speech-scheduler.ts';
import { ToolLatencies } from '../calls/tool-latencies.ts';
import { type VoiceToolContext, createVoiceTool } from '../calls/voice-tool.ts';
import type { ServerLink } from '../servers/server-link.ts';
import { modelTool } from './model-tool.ts';

export const tool = modelTool('notes__add_note', {
  parameters: { type: 'object', properties: { folder: { type: 'string' } } },
  serverId: 'n',
  serverName: 'notes',
  toolName: 'add_note',
});

export const done: CallResult = {
  isError: false,
  speech: 'Written.',
  text: 'Written.',
  raw: { content: [{ type: 'text', text: 'Écrit.' }] },
  truncated: false,
};

/** The link of a server that is up, without its `call`. */
export const up = { outage: null, isWithdrawn: false, liveTools: null, reportOutage: () => false };

const scheduler = { isFree: false, agentHeardAtMs: 0, hasSpoken: () => false, voiceDelayMs: 0 };

export function voiceTool(call: ServerLink['call'], context: Partial<VoiceToolContext> = {}) {
  const activity: Activity[] = [];
  const calls: RecordedCall[] = [];
  const faults: AppError[] = [];
  const latencies = new ToolLatencies();
  const made = createVoiceTool(tool, {
    sessionId: 's1',
    currentOf: (tool) => tool,
    linkOf: () => ({ ...up, call }),
    // A call that ends in time uses nothing else of it.
    scheduler: scheduler as unknown as SpeechScheduler,
    latencies,
    toBackground: () => expect.unreachable(),
    onRunning: () => {},
    onActivity: (message) => activity.push(message),
    onCall: (record) => calls.push(record),
    onFault: (_tool, error) => faults.push(error),
    now: () => 1_000,
    ...context,
  });
  // The framework passes more, which our tools don't use.
  const ctx = {
    speechHandle: {
      interrupted: false,
      waitIfNotInterrupted: (ends: Promise<unknown>[]) => Promise.all(ends),
    },
    filler: (_source: unknown, _options: unknown, run: () => Promise<unknown>) => run(),
  };
  const options = { toolCallId: 'call', ctx } as unknown as llm.ToolOptions;
  const execute = (args: Record<string, unknown> = {}) => made.execute(args, options) as Promise<string>;
  return { execute, activity, calls, faults, latencies };
}
