import { FieldErrors, sentencesOf } from '@patchbay/shared/contract/schema/fields';
import {
  DiscoverToolsAnswer,
  NoticeWebhookAnswer,
  ServerCredentialAnswer,
  STREAM_TYPE,
  TestConnectionAnswer,
  VoiceDispatchAnswer,
  VoiceTokenAnswer,
  type CallToolBody,
  type DiscoverToolsBody,
  type NoticeWebhookBody,
  type ServerCredentialBody,
  type TestConnectionBody,
  type VoiceDispatchBody,
  type VoiceTokenBody,
} from '@patchbay/shared/contract/schema/functions';
import { z } from 'zod';
import { Issuers } from './servers/accepted-issuers.ts';
import type { SignedIn } from './auth/session.ts';
import { failure, type Failure, type Result } from './result.ts';
import { settings } from './settings.ts';

// Edge functions answer failures with these fields; anything else is an outage on the way.
const Refusal = z.object({
  message: z.string(),
  hint: z.string().optional(),
  field_errors: FieldErrors.transform(sentencesOf).optional(),
  return_to: z.string().optional(),
  expected_issuer: z.string().optional(),
  received_issuer: z.string().optional(),
});

/** Longer than the longest connection test, shorter than a serverless function runs. */
const FUNCTION_TIMEOUT_MS = 45_000;

const NO_ANSWER: Failure = {
  ok: false,
  status: 503,
  message: "This Patchbay service isn't responding.",
  hint: 'Try again in a moment.',
};

function post(
  who: SignedIn,
  name: string,
  body: unknown,
  signal: AbortSignal,
  accept: string,
): Promise<Response> {
  const { supabaseUrl, publishableKey } = settings();
  return fetch(`${supabaseUrl}/functions/v1/${name}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${who.accessToken}`,
      apikey: publishableKey,
      'content-type': 'application/json',
      accept,
      traceparent: who.trace.traceparent,
    },
    body: JSON.stringify(body),
    signal,
  });
}

export async function callFunction<T>(
  who: SignedIn,
  name: string,
  body: unknown,
  schema: z.ZodType<T>,
): Promise<Result<T>> {
  let response: Response;
  try {
    response = await post(who, name, body, AbortSignal.timeout(FUNCTION_TIMEOUT_MS), 'application/json');
  } catch {
    return NO_ANSWER;
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) {
    const parsed = schema.safeParse(answer);
    if (parsed.success) return { ok: true, value: parsed.data };
    return failure(502, 'Patchbay received an unexpected response from its own service.');
  }
  return refused(response.status, answer);
}

function refused(status: number, answer: unknown): Failure {
  const refusal = Refusal.safeParse(answer);
  if (!refusal.success) return failure(status, failureMessage(status));
  const { message, hint, field_errors: fieldErrors, return_to: returnTo } = refusal.data;
  const { expected_issuer: expected, received_issuer: received } = refusal.data;
  const issuers = Issuers.safeParse({ expected, received }).data;
  return { ok: false, status, message, hint, fieldErrors, returnTo, issuers };
}

/**
 * Calls an edge function that streams progress, and passes its lines on to the browser.
 * @param signal aborted when the browser disconnects; the function then stops
 */
async function stream(who: SignedIn, name: string, body: unknown, signal: AbortSignal): Promise<Response> {
  const response = await post(who, name, body, signal, STREAM_TYPE).catch(() => null);
  if (response?.headers.get('content-type') === STREAM_TYPE) {
    return new Response(response.body, {
      headers: { 'content-type': STREAM_TYPE, 'cache-control': 'no-store' },
    });
  }
  const { status, ...why } = response
    ? refused(response.status, await response.json().catch(() => null))
    : NO_ANSWER;
  return Response.json(why, { status });
}

function failureMessage(status: number): string {
  if (status === 401) return 'Your session has expired. Sign in again.';
  if (status === 403) return "Your role in this workspace doesn't allow this.";
  if (status === 404) return 'Not found. It may have been deleted.';
  return 'This Patchbay service failed. Try again in a moment.';
}

/** Tests a stored server or a draft; stores nothing for a draft. */
export const testConnection = (who: SignedIn, body: TestConnectionBody) =>
  callFunction(who, 'test-connection', body, TestConnectionAnswer);

/** Tests and streams the phases; the last line is the result. */
export const streamTest = (who: SignedIn, body: TestConnectionBody, signal: AbortSignal) =>
  stream(who, 'test-connection', body, signal);

/** Calls a tool and streams progress; the last line is the result. */
export const streamCall = (who: SignedIn, body: CallToolBody, signal: AbortSignal) =>
  stream(who, 'call-tool', body, signal);

/** Reads the tools of a server and stores them with its status. */
export const discoverTools = (who: SignedIn, body: DiscoverToolsBody) =>
  callFunction(who, 'discover-tools', body, DiscoverToolsAnswer);

/** Stores the credential of a server, or removes it with null. */
export const storeCredential = (who: SignedIn, body: ServerCredentialBody) =>
  callFunction(who, 'server-credential', body, ServerCredentialAnswer);

/** Creates a conversation and a token for its room. */
export async function openVoiceSession(
  who: SignedIn,
  body: VoiceTokenBody,
): Promise<Result<VoiceTokenAnswer>> {
  const answer = await callFunction(who, 'voice-token', body, VoiceTokenAnswer);
  if (answer.ok) who.trace.joinConversation(answer.value.session_id);
  return answer;
}

/** Dispatches an agent to a conversation that has none. */
export function dispatchAgent(who: SignedIn, body: VoiceDispatchBody): Promise<Result<VoiceDispatchAnswer>> {
  who.trace.joinConversation(body.session_id);
  return callFunction(who, 'voice-dispatch', body, VoiceDispatchAnswer);
}

/** Sets the webhook of a workspace, or sends it a test message. */
export const noticeWebhook = (who: SignedIn, body: NoticeWebhookBody) =>
  callFunction(who, 'notice-webhook', body, NoticeWebhookAnswer);
