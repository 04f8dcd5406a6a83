/** One short text response shows that the key, the model, the quota and the settings work. */
import {
  DEFAULT_REALTIME_MODEL,
  DEFAULT_TRANSCRIPTION_MODEL,
  takesReasoning,
} from '@patchbay/shared/contract/voice-models';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { failed, ok, type Finding } from './finding.ts';
import { jsonOrText, reasonOf } from './http.ts';

const TIMEOUT_MS = 20_000;
/** Enough for one word and the reasoning before it. */
const MAX_OUTPUT_TOKENS = 200;

export interface ModelToTry {
  url: string;
  key: string;
  name: string;
  transcriptionModel: string;
  noiseReduction: string;
}

export type ModelReading =
  | { step: 'answered' }
  | { step: 'session' | 'settings' | 'response'; code: string; param?: string | undefined }
  | { refused: number }
  | { unreachable: string };

const ErrorBody = z.object({
  type: z.string().nullish(),
  code: z.string().nullish(),
  param: z.string().nullish(),
});
const ServerEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session.created') }),
  z.object({ type: z.literal('session.updated') }),
  z.object({ type: z.literal('error'), error: ErrorBody }),
  z.object({
    type: z.literal('response.done'),
    response: z.object({
      status: z.string(),
      status_details: z.object({ reason: z.string().nullish(), error: ErrorBody.nullish() }).nullish(),
    }),
  }),
]);
type Response = Extract<z.infer<typeof ServerEvent>, { type: 'response.done' }>['response'];

/** Opens a session of the Realtime API with the worker's settings, has it say one word in text, and closes it. */
export function readModel(model: ModelToTry): Promise<ModelReading> {
  return new Promise((resolve) => {
    const address = `${model.url.replace(/^http/, 'ws')}/realtime?model=${encodeURIComponent(model.name)}`;
    const socket = new WebSocket(address, {
      headers: { authorization: `Bearer ${model.key}` },
      handshakeTimeout: TIMEOUT_MS,
    });
    let step: 'session' | 'settings' | 'response' = 'session';
    let isOpen = false;
    const fail = (code: string, param?: string | null): void =>
      end({ step, code, param: param ?? undefined });
    const giveUp = setTimeout(() => (isOpen ? fail('timeout') : end({ unreachable: 'timeout' })), TIMEOUT_MS);
    const end = (reading: ModelReading): void => {
      clearTimeout(giveUp);
      resolve(reading);
      socket.terminate();
    };
    const send = (event: object): void => socket.send(JSON.stringify(event));
    socket.on('open', () => (isOpen = true));
    socket.on('error', (error) => end({ unreachable: reasonOf(error) }));
    socket.on('unexpected-response', (_request, response) => end({ refused: response.statusCode ?? 0 }));
    // The reason ends in a code, as in "invalid_request_error.model_not_found".
    socket.on('close', (code, reason) =>
      isOpen
        ? fail(reason.toString().split('.').at(-1) || `closed with ${code}`)
        : end({ unreachable: 'closed' }),
    );
    socket.on('message', (data: Buffer) => {
      const event = ServerEvent.safeParse(jsonOrText(data.toString())).data;
      if (!event) return;
      switch (event.type) {
        case 'session.created':
          step = 'settings';
          return send(settingsOf(model));
        case 'session.updated':
          step = 'response';
          return send(questionFor(model.name));
        case 'error':
          return fail(event.error.code ?? event.error.type ?? 'unknown', event.error.param);
        case 'response.done':
          return end(outcomeOf(event.response));
      }
    });
  });
}

function settingsOf({ transcriptionModel, noiseReduction }: ModelToTry): object {
  const input = {
    turn_detection: { type: 'server_vad' },
    transcription: { model: transcriptionModel },
    noise_reduction: noiseReduction === 'off' ? null : { type: noiseReduction },
  };
  return { type: 'session.update', session: { type: 'realtime', audio: { input } } };
}

function questionFor(model: string): object {
  const content = [{ type: 'input_text', text: 'Say OK.' }];
  return {
    type: 'response.create',
    response: {
      conversation: 'none',
      input: [{ type: 'message', role: 'user', content }],
      output_modalities: ['text'],
      max_output_tokens: MAX_OUTPUT_TOKENS,
      ...(takesReasoning(model) && { reasoning: { effort: 'minimal' } }),
    },
  };
}

function outcomeOf({ status, status_details: details }: Response): ModelReading {
  // A model that says more than requested still works.
  const isCut = status === 'incomplete' && details?.reason === 'max_output_tokens';
  if (status === 'completed' || isCut) return { step: 'answered' };
  return {
    step: 'response',
    code: details?.error?.code ?? details?.error?.type ?? details?.reason ?? status,
  };
}

const BY_CODE: Record<string, { said: string; fix: string }> = {
  invalid_api_key: {
    said: 'the key is rejected',
    fix: 'Set OPENAI_API_KEY to a key that may use the Realtime API; on Fly with `fly secrets set`.',
  },
  insufficient_quota: {
    said: 'the account has no credit left (insufficient_quota)',
    fix: 'Add credit, or raise the budget of the project: https://platform.openai.com/settings/organization/billing.',
  },
  rate_limit_exceeded: {
    said: 'the account has reached its rate limit (rate_limit_exceeded)',
    fix: 'Run this again in a minute; if it persists, raise the limits: https://platform.openai.com/settings/organization/limits.',
  },
  server_error: {
    said: 'it fails with an internal error (server_error)',
    fix: 'Run this again in a minute, and check https://status.openai.com.',
  },
  timeout: {
    said: `a session opens, but no answer comes within ${TIMEOUT_MS / 1000} s`,
    fix: 'Run this again in a minute, and check https://status.openai.com.',
  },
};

export function judgeModel(reading: ModelReading, name: string): Finding {
  if ('unreachable' in reading)
    return failed(
      'model',
      `nothing answers (${reading.unreachable})`,
      'Unset OPENAI_BASE_URL for OpenAI, or set it to the address that ends in /v1.',
    );
  if ('refused' in reading) {
    const isKey = reading.refused === 401 || reading.refused === 403;
    return isKey
      ? named('invalid_api_key')
      : other(`no session of ${name} opens: it returns ${reading.refused}`);
  }
  if (reading.step === 'answered') return ok('model', `${name} answers`);
  if (reading.code in BY_CODE) return named(reading.code);
  if (reading.step === 'settings')
    return failed(
      'model',
      `it rejects the settings of a session: ${reading.code}${reading.param ? ` (${reading.param})` : ''}`,
      `Set OPENAI_TRANSCRIPTION_MODEL to ${DEFAULT_TRANSCRIPTION_MODEL}, and OPENAI_NOISE_REDUCTION to near_field, far_field or off.`,
    );
  return other(`${reading.step === 'session' ? 'no session' : 'no answer'} of ${name}: ${reading.code}`);
}

function named(code: string): Finding {
  const { said, fix } = BY_CODE[code]!; // the callers know the code
  return failed('model', said, fix);
}

const other = (said: string): Finding =>
  failed(
    'model',
    said,
    `Set OPENAI_REALTIME_MODEL to a model that the key may use, or leave it out for ${DEFAULT_REALTIME_MODEL}.`,
  );
