/** What a server of the newer era wants to know in the middle of a call, when we cannot answer it. */
import { AppError } from '../../contract/errors.ts';

const MAX_QUESTION = 200;

/**
 * The failure of a call whose result asks for input that nobody here can give; it says what the server wants.
 * @param result a result as the server sent it
 * @param canAsk whether a user can be asked to fill in a form
 * @returns null when the result asks for nothing, or only for what we can answer
 */
export function unanswerableInput(result: Record<string, unknown>, canAsk: boolean): AppError | null {
  if (result.resultType !== 'input_required') return null;
  const requests = isObject(result.inputRequests) ? Object.values(result.inputRequests) : [];
  const wants = requests.map((request) => wantOf(request, canAsk)).filter((want) => want !== null);
  // With a state alone the server asks to be called again, which the SDK does.
  if (requests.length === 0 && typeof result.requestState !== 'string')
    wants.push("asks for input, but doesn't say what");
  if (wants.length === 0) return null;
  return new AppError('input_required', {
    message: `The tool can't continue on its own: the server ${wants.join(', and ')}. Patchbay can't provide that.`,
  });
}

/** What one request wants, as words after "the server"; null for what we can answer. */
function wantOf(request: unknown, canAsk: boolean): string | null {
  if (!isObject(request) || typeof request.method !== 'string') return "asks for input that can't be read";
  const params = isObject(request.params) ? request.params : {};
  switch (request.method) {
    case 'elicitation/create':
      if (params.mode === 'url')
        return `wants the user to open ${hostOf(params.url)}${quoted(params.message)}`;
      return canAsk ? null : `asks the user${quoted(params.message) || ' a question'}`;
    case 'sampling/createMessage':
      return 'wants a language model to answer for it';
    case 'roots/list':
      return 'wants to know which folders it may use';
    default:
      return `asks for ${request.method.slice(0, 60)}`;
  }
}

function quoted(text: unknown): string {
  if (typeof text !== 'string' || text.trim() === '') return '';
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return `: “${line.length > MAX_QUESTION ? `${line.slice(0, MAX_QUESTION)}…` : line}”`;
}

/** Paths and queries of such links carry secrets. */
function hostOf(url: unknown): string {
  return typeof url === 'string' && URL.canParse(url) ? `a page on ${new URL(url).host}` : 'a web page';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
