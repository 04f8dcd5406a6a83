interface Call {
  call: string;
  /** As the wire has them. */
  arguments: string;
  /** The response reached its greatest length in the middle of them. */
  isCut?: true;
}

export type Turn =
  | { say: string }
  | Call
  /** Several calls in one response, after these words. */
  | { calls: Call[]; preamble?: string }
  | { nothing: true }
  /** The response fails with this error, after these words. */
  | { fail: object; say?: string }
  | { stall: true }
  | { silence: true };

/** The events of an out-of-band response: those before its last word, and the rest. */
export function outOfBandSpeech(
  response: { id: string; metadata: object | null },
  itemId: string,
  words = '',
): [before: object[], after: object[]] {
  const item = { id: itemId, type: 'message', role: 'assistant', content: [] };
  const inResponse = { response_id: response.id, output_index: 0 };
  const place = { ...inResponse, item_id: item.id, content_index: 0 };
  const [last = '', ...rest] = words.split(/(?<= )/).toReversed();
  return [
    [
      { type: 'response.created', response },
      { type: 'response.output_item.added', ...inResponse, item },
      { type: 'response.content_part.added', ...place, part: { type: 'text', text: '' } },
      { type: 'response.output_text.delta', ...place, delta: rest.toReversed().join('') },
    ],
    [
      { type: 'response.output_text.delta', ...place, delta: last },
      { type: 'response.output_item.done', ...inResponse, item },
      { type: 'response.done', response: { ...response, status: 'completed' } },
    ],
  ];
}

/** How the response of a turn ends. */
export function endOf(turn: Turn): object {
  if ('calls' in turn && turn.calls.some(({ isCut }) => isCut))
    return { status: 'incomplete', status_details: { type: 'incomplete', reason: 'max_output_tokens' } };
  return 'fail' in turn
    ? { status: 'failed', status_details: { type: 'failed', error: turn.fail } }
    : { status: 'completed' };
}
