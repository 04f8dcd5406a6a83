interface ModelDescription {
  id: string;
  object: 'model';
  /** Seconds since 1970. */
  created: number;
  owned_by: string;
  shutdown_date: string | null;
}

/** Announced shutdowns, by OpenAI's page on deprecations of November 2026. */
const SHUTDOWN_DATES: Record<string, string | null> = {
  'gpt-realtime': '2027-01-20',
  'gpt-realtime-mini': '2027-01-20',
  'gpt-realtime-1.5': null,
  'gpt-realtime-2': null,
  'gpt-realtime-2.1': null,
  'gpt-realtime-2.1-mini': null,
  'gpt-transcribe': null,
  'gpt-live-transcribe': null,
  'gpt-realtime-whisper': null,
  'gpt-4o-transcribe': '2027-02-26',
  'gpt-4o-mini-transcribe': '2027-02-26',
  'whisper-1': '2027-02-26',
};
/** The same for all models, because nothing should rely on it. */
const CREATED_S = 1_767_225_600;

/** The answer to a request for one model; 404 for one that OpenAI doesn't have. */
export function describeModel(id: string): { status: number; body: ModelDescription | { error: object } } {
  const shutdown_date = SHUTDOWN_DATES[id];
  if (shutdown_date !== undefined)
    return {
      status: 200,
      body: { id, object: 'model', created: CREATED_S, owned_by: 'system', shutdown_date },
    };
  const message = `The model '${id}' does not exist`;
  const error = { message, type: 'invalid_request_error', param: 'model', code: 'model_not_found' };
  return { status: 404, body: { error } };
}
