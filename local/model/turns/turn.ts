import { answerFrom, type Output } from '../reply/answer.ts';
import type { Item } from '../protocol/items.ts';
import { matchTool } from '../reply/match-tool.ts';
import type { Tool } from '../protocol/validate.ts';

export interface Turn {
  /** Undefined before the user said anything. */
  text: string | undefined;
  calls: number;
  callsDone: number;
  outputs: Output[];
  /** The latest output, if it belongs to an earlier turn because the user spoke while a tool ran. */
  late: Output | undefined;
  isAnswered: boolean;
}

/** Derives the turn from the conversation. @param tools live tools, to distinguish answers from new requests */
export function currentTurn(conversation: readonly Item[], tools: Tool[]): Turn {
  const items = conversation.filter(({ type }) => type !== 'reasoning');
  const start = items.findLastIndex(isFrom('user'));
  const since = items.slice(start + 1).filter((item) => !isFrom('system')(item));
  const names = new Map(
    items.flatMap((item) => (item.type === 'function_call' ? [[item.call_id, item.name]] : [])),
  );
  const own = new Set(since.flatMap((item) => (item.type === 'function_call' ? [item.call_id] : [])));
  const isLate = (item: Item | undefined) => item?.type === 'function_call_output' && !own.has(item.call_id);
  const outputOf = (item: Item): Output[] =>
    item.type === 'function_call_output'
      ? [{ output: item.output, toolName: names.get(item.call_id) ?? '' }]
      : [];
  // Speech while a call waits for its output ("one moment") isn't an answer.
  const isOpen = (at: number) => {
    const before = since.slice(0, at);
    const answered = new Set(
      before.flatMap((item) => (item.type === 'function_call_output' ? [item.call_id] : [])),
    );
    return before.some((item) => item.type === 'function_call' && !answered.has(item.call_id));
  };
  // Nor is speech before a call in the same response.
  const isPreamble = (at: number) => since[at + 1]?.type === 'function_call';
  const isOwnAnswer = (item: Item, at: number) =>
    isFrom('assistant')(item) && !isLate(since[at - 1]) && !isOpen(at) && !isPreamble(at);
  const lastAnswer = since.findLastIndex(isOwnAnswer);
  const ownOutputs = since.filter((item) => item.type === 'function_call_output' && !isLate(item));
  const last = since.at(-1);
  return {
    text: start < 0 ? undefined : askedText(items, start, tools),
    calls: own.size,
    callsDone: new Set(
      ownOutputs.flatMap((item) => (item.type === 'function_call_output' ? [item.call_id] : [])),
    ).size,
    outputs: since.flatMap((item, at) =>
      at > lastAnswer && !isLate(item)
        ? outputOf(item).filter((output) => !isTold(output, since.slice(at + 1)))
        : [],
    ),
    late: last && isLate(last) ? outputOf(last)[0] : undefined,
    isAnswered: lastAnswer >= 0,
  };
}

/** An output may have been said while another call was still running. */
function isTold(output: Output, later: readonly Item[]): boolean {
  const answer = answerFrom(output);
  return later.some((item) => isFrom('assistant')(item) && textOf(item).includes(answer));
}

/** The text of a typed or spoken message. */
export function textOf(item: Item | undefined): string {
  if (item?.type !== 'message') return '';
  return item.content
    .map((part) => part.text ?? part.transcript ?? '')
    .join(' ')
    .trim();
}

/** Combines an answer to "What is the text for add note?" with the request, unless it asks for a tool itself. */
function askedText(items: readonly Item[], at: number, tools: Tool[]): string {
  const text = textOf(items[at]);
  const before = items.slice(0, at).filter((item) => !isFrom('system')(item));
  const question = QUESTION.exec(textOf(before.at(-1)));
  const asking = before.findLastIndex(isFrom('user'));
  if (!question || asking < 0 || (matchTool(text, tools)?.points ?? 0) >= SURE) return text;
  return `${askedText(before, asking, tools).replace(/[.?!:\s]+$/, '')}, ${question[1]}: ${text}`;
}

const QUESTION = /^What is the (.+?) for .+?\?/;
/** A separate request's score: a noun of the tool's name, and its verb or a listed value. */
const SURE = 4;

function isFrom(role: 'user' | 'assistant' | 'system'): (item: Item) => boolean {
  return (item) => item.type === 'message' && item.role === role;
}
