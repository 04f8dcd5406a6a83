export type Json = Record<string, unknown>;

export const ref = (kind: string, name: string): Json => ({ $ref: `#/components/${kind}/${name}` });
export const json = (schema: Json): Json => ({ 'application/json': { schema } });

/** Who may call an operation. @param scopes of an API token, any of which will do; null: no token may */
export function security(scopes: readonly string[] | null): Json[] {
  return [{ user: [] }, ...(scopes === null ? [] : [{ api_token: scopes }])];
}

/** Every operation may be refused in these ways. */
export const ANY_REFUSAL: Json = Object.fromEntries(
  [400, 401, 403, 404, 409, 429].map((status) => [status, ref('responses', String(status))]),
);

const REFUSALS: Record<string, string> = {
  400: 'Some fields do not fit; which ones is in `field_errors` (functions) or as JSON in `details` (REST).',
  401: 'Nobody is signed in, or the token is unknown, revoked or expired.',
  403: 'The role or the scope does not allow it.',
  404: 'There is no such thing, or the caller may not see it.',
  409: 'It is at odds with what is stored, or a limit is reached.',
  429: 'Too often: `Retry-After` says when to come back.',
};

export const COMPONENTS: Json = {
  securitySchemes: {
    user: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description:
        'The access token of a signed-in user (`/auth/v1/token`), beside the header `apikey` with the publishable key.',
    },
    api_token: {
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'patchbay_…',
      description:
        'An API token of a workspace. It reads without a scope; those that are named here are needed for the rest. ' +
        'Tables and their functions are then at `/functions/v1/rest/` in place of `/rest/v1/`.',
    },
  },
  responses: Object.fromEntries(
    Object.entries(REFUSALS).map(([status, description]) => [
      status,
      { description, content: json(ref('schemas', 'Refusal')) },
    ]),
  ),
  parameters: {
    select: {
      name: 'select',
      in: 'query',
      description: 'Columns, comma-separated.',
      schema: { type: 'string' },
    },
    order: { name: 'order', in: 'query', description: 'Such as `position.asc`.', schema: { type: 'string' } },
    limit: { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 0 } },
    offset: { name: 'offset', in: 'query', schema: { type: 'integer', minimum: 0 } },
    filter: {
      name: 'filter',
      in: 'query',
      description: 'By the name of a column: an operator and a value, such as `id=eq.…` or `tags=cs.{work}`.',
      style: 'form',
      explode: true,
      schema: { type: 'object', additionalProperties: { type: 'string' } },
    },
    prefer: {
      name: 'Prefer',
      in: 'header',
      description: '`return=representation` answers the rows that were written.',
      schema: { type: 'string' },
    },
  },
};

export const REFUSAL: Json = {
  type: 'object',
  required: ['message'],
  properties: {
    code: { type: 'string', description: 'For programs; stable.' },
    message: { type: 'string', description: 'For people.' },
    hint: { type: ['string', 'null'] },
    details: { type: ['string', 'null'] },
    field_errors: { type: 'object' },
    retry_after_s: { type: 'integer' },
  },
};
