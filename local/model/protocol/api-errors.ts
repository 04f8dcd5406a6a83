/** `param` and `event_id` are added where the error is sent. */
export interface ApiError {
  type: string;
  code: string | null;
  message: string;
}

/** Errors of a type and code that the API was seen to send. After those marked with a close code, it closes with it. */
export const API_ERRORS = {
  /** Close code 3000. */
  missing_api_key: {
    type: 'invalid_request_error',
    code: null,
    message: 'Missing bearer or basic authentication in header',
  },
  /** Close code 3000. */
  invalid_api_key: {
    type: 'invalid_request_error',
    code: 'invalid_api_key',
    message:
      'Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.',
  },
  /** Close code 4000. */
  missing_model: {
    type: 'invalid_request_error',
    code: 'missing_model',
    message:
      'You must provide a model parameter, for example wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1',
  },
  /** Close code 4000: not a realtime model. */
  invalid_model: {
    type: 'invalid_request_error',
    code: 'invalid_model',
    message: 'Model is not supported in realtime mode.',
  },
  /** Close code 4004, or in a failed response: the account has no such model. */
  model_not_found: {
    type: 'invalid_request_error',
    code: 'model_not_found',
    message: 'The model does not exist or you do not have access to it.',
  },
  insufficient_quota: {
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'You exceeded your current quota, please check your plan and billing details.',
  },
  rate_limit_exceeded: {
    type: 'tokens',
    code: 'rate_limit_exceeded',
    message:
      'Rate limit reached on tokens per min (TPM): Limit 40000, Used 39000, Requested 5000. Please try again in 6s.',
  },
  server_error: {
    type: 'server_error',
    code: null,
    message:
      'The server had an error while processing your request. Sorry about that! We recommend you retry your request.',
  },
} as const satisfies Record<string, ApiError>;

/** The reason of the close frame after an error, as the API writes it. */
export function closeReason({ type, code }: ApiError): string {
  return code === null ? type : `${type}.${code}`;
}
