/** Limits the bodies of requests to our own services while they are read, without holding them. */

export const MAX_BODY_BYTES = 5 * 1024 * 1024;
export const BODY_TOO_LARGE = 'The request is larger than 5 MB. Send less at once.';
/** 5 MB of `&` would become millions of fields. */
const MAX_FORM_FIELDS = 10_000;
const AMPERSAND = 38;
const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/**
 * Lets a handler answer a request whose body ends with an error as soon as it has too many bytes, or a form too many
 * fields. What the headers say of its length is believed only when it is too much.
 * @param refuse makes the response to a body that is too large (HTTP 413), whatever the handler made of the error
 */
export async function withBodyLimit(
  request: Request,
  handle: (request: Request) => Response | Promise<Response>,
  refuse: () => Response,
): Promise<Response> {
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) return refuse();
  if (BODILESS.has(request.method) || !request.body) return handle(request);
  const limited = limit(request.body, isForm(request) ? MAX_FORM_FIELDS : Infinity);
  try {
    const body = { body: limited.stream, duplex: 'half' } as RequestInit;
    const response = await handle(new Request(request, body));
    return limited.isExceeded() ? refuse() : response;
  } catch (error) {
    if (limited.isExceeded()) return refuse();
    throw error;
  }
}

function isForm({ headers }: Request): boolean {
  return headers.get('content-type')?.toLowerCase().startsWith('application/x-www-form-urlencoded') ?? false;
}

/** The source is not canceled: that would close the socket before the refusal is sent. */
function limit(
  source: ReadableStream<Uint8Array>,
  maxFields: number,
): { stream: ReadableStream<Uint8Array>; isExceeded: () => boolean } {
  const reader = source.getReader();
  let bytes = 0;
  let fields = 1;
  let isExceeded = false;
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { value, done } = await reader.read();
        if (done) return controller.close();
        bytes += value.length;
        if (maxFields < Infinity) for (const byte of value) if (byte === AMPERSAND) fields += 1;
        isExceeded = bytes > MAX_BODY_BYTES || fields > maxFields;
        if (isExceeded) controller.error(new Error(BODY_TOO_LARGE));
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return { stream, isExceeded: () => isExceeded };
}
