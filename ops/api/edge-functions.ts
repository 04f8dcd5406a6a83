import {
  CallToolAnswer,
  CallToolBody,
  DiscoverToolsAnswer,
  DiscoverToolsBody,
  NoticeWebhookAnswer,
  NoticeWebhookBody,
  ServerCredentialAnswer,
  ServerCredentialBody,
  ServerSignInBody,
  SignedOut,
  SignInBegun,
  SignInFinished,
  STREAM_TYPE,
  TestConnectionAnswer,
  TestConnectionBody,
  VoiceDispatchAnswer,
  VoiceDispatchBody,
  VoiceTokenAnswer,
  VoiceTokenBody,
} from '@patchbay/shared/contract/schema/functions';
import type { TokenScope } from '@patchbay/shared/contract/schema/api-token';
import { z } from 'zod';
import { ANY_REFUSAL, json, security, type Json } from './parts.ts';

interface EdgeFunction {
  summary: string;
  body: z.ZodType;
  answer: z.ZodType;
  /** An API token needs this scope; null: users only. */
  scope: TokenScope | null;
  streams?: boolean;
}

export const EDGE_FUNCTIONS: Record<string, EdgeFunction> = {
  'call-tool': {
    summary: 'Calls a tool of a stored server by hand, as a conversation would.',
    body: CallToolBody,
    answer: CallToolAnswer,
    scope: 'tools:call',
    streams: true,
  },
  'discover-tools': {
    summary: 'Reads the tools of a stored server and stores them and its status.',
    body: DiscoverToolsBody,
    answer: DiscoverToolsAnswer,
    scope: 'servers:test',
  },
  'notice-webhook': {
    summary: 'Sets the webhook of a workspace, or sends it a test message.',
    body: NoticeWebhookBody,
    answer: NoticeWebhookAnswer,
    scope: null,
  },
  'server-credential': {
    summary: 'Seals and stores the credential of a server, or removes it.',
    body: ServerCredentialBody,
    answer: ServerCredentialAnswer,
    scope: 'servers:write',
  },
  'server-sign-in': {
    summary: 'Signs a person in to a server, with the person in between; or Patchbay itself; or out.',
    body: ServerSignInBody,
    answer: z.union([SignInBegun, SignInFinished, SignedOut]),
    scope: null,
  },
  'test-connection': {
    summary: 'Tests a stored server, or a draft of which nothing is stored: each phase with its time.',
    body: TestConnectionBody,
    answer: TestConnectionAnswer,
    scope: 'servers:test',
    streams: true,
  },
  'voice-dispatch': {
    summary: 'Brings an agent into a room that lost it or never got one.',
    body: VoiceDispatchBody,
    answer: VoiceDispatchAnswer,
    scope: null,
  },
  'voice-token': {
    summary: 'Opens a conversation: a fresh room with an agent on its way.',
    body: VoiceTokenBody,
    answer: VoiceTokenAnswer,
    scope: null,
  },
};

/** A path for each edge function. */
export function functionPaths(): Json {
  return Object.fromEntries(
    Object.entries(EDGE_FUNCTIONS).map(([name, { summary, body, answer, scope, streams = false }]) => {
      const content = json(schemaOf(answer, 'output'));
      const stream = {
        [STREAM_TYPE]: {
          schema: { type: 'string', description: 'One JSON object a line, the answer last.' },
        },
      };
      const post = {
        tags: ['functions'],
        operationId: name,
        summary,
        security: security(scope === null ? null : [scope]),
        requestBody: { required: true, content: json(schemaOf(body, 'input')) },
        responses: {
          200: { description: 'Done.', content: streams ? { ...content, ...stream } : content },
          ...ANY_REFUSAL,
        },
      };
      return [`/functions/v1/${name}`, { post }];
    }),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const either = z.array(z.instanceof(z.ZodType)).safeParse(schema.meta()?.['eitherOf']);
  if (either.success) return { anyOf: either.data.map((one) => schemaOf(one, io)) };
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
