// A pure decision; README.md describes the rules.
import { answerFrom } from './answer.ts';
import type { Item } from '../protocol/items.ts';
import { withExplicitNulls } from '../protocol/explicit-nulls.ts';
import { fillArguments } from './fill-arguments.ts';
import { matchTool } from './match-tool.ts';
import { smallTalk } from './small-talk.ts';
import { paramsOf, type Param } from '../protocol/tool-schema.ts';
import type { Tool, ToolChoice } from '../protocol/validate.ts';
import { currentTurn, textOf } from '../turns/turn.ts';
import { inWords, nameWords } from './words.ts';

export type Output =
  | { kind: 'reason' }
  | { kind: 'say'; text: string }
  | { kind: 'call'; name: string; args: Record<string, unknown> };

type Decision = Exclude<Output, { kind: 'reason' }>;

export interface Situation {
  items: readonly Item[];
  tools: Tool[];
  formerTools: Tool[];
  sessionInstructions: string;
  responseInstructions?: string;
  toolChoice: ToolChoice;
  sentences: string[];
  reasons: boolean;
  /** Makes all independent calls at once. */
  callsInParallel: boolean;
}

/** Said before a call, so that nobody waits in silence. */
const PREAMBLE = 'Let me look.';

/** Decides what a response is made of, in order. No clock, no chance, no memory of its own. */
export function decideReply(situation: Situation): Output[] {
  const decisions = decide(situation);
  return situation.reasons ? [{ kind: 'reason' }, ...decisions] : decisions;
}

function decide(situation: Situation): Decision[] {
  const told = instructedText(situation.responseInstructions, situation.sessionInstructions);
  if (told) return say(told);
  const turn = currentTurn(situation.items, situation.tools);
  if (turn.late) return say(answerFrom(turn.late));
  if (turn.text === undefined) return say('Hello. What can I do for you?');
  const answers = turn.outputs.map(answerFrom);
  const tell = (...more: string[]): Decision[] => {
    const sentences = [...answers, ...more].map(asSentence).filter(Boolean);
    return situation.reasons ? sentences.flatMap(say) : say(sentences.join(' '));
  };
  if (turn.calls > turn.callsDone) return answers.length > 0 ? tell() : say('I am still working on it.');
  const next = nextClauses(turn.text, turn.calls, situation);
  if (turn.calls > 0 && (next.length === 0 || situation.toolChoice === 'none' || turn.isAnswered))
    return answers.length > 0 ? tell() : say('Is there anything else?');
  if (turn.isAnswered) return say('I am here. What can I do for you?');
  if (next.length === 0) return say(`I did not understand that. ${suggestion(situation.sentences)}`);
  const decisions = next.map((clause) => decideClause(clause, situation));
  const [first] = decisions;
  if (first?.kind === 'say') return tell(first.text);
  return situation.reasons && turn.calls === 0 ? [...say(PREAMBLE), ...decisions] : decisions;
}

function say(text: string): Decision[] {
  return [{ kind: 'say', text }];
}

/**
 * The text that instructions want said: the quoted text after a colon ("Greet the user with: "Hello""), from the
 * part that does not belong to the session's own instructions.
 */
export function instructedText(
  instructions: string | undefined,
  sessionInstructions: string,
): string | undefined {
  if (!instructions) return undefined;
  const own =
    sessionInstructions && instructions.startsWith(sessionInstructions)
      ? instructions.slice(sessionInstructions.length)
      : instructions;
  const quoted = /:\s*(?:"([^]+)"|“([^]+)”|'([^]+)')/.exec(own);
  return (quoted?.[1] ?? quoted?.[2] ?? quoted?.[3])?.trim() || undefined;
}

/** @param done how many clauses were acted on */
function nextClauses(text: string, done: number, situation: Situation): string[] {
  const steps = text
    .split(/[,;.]?\s+(?:and\s+)?then\s+/i)
    .map((step) => step.trim())
    .filter(Boolean)
    .map((step) => splitRequests(step, situation.tools));
  const ordered = situation.callsInParallel ? steps : steps.flat().map((clause) => [clause]);
  let before = 0;
  for (const clauses of ordered) {
    before += clauses.length;
    if (done < before) return clauses.slice(done - before);
  }
  return [];
}

/** "What time is it in Tokyo and list my notes" is two requests; "buy milk and eggs" is one. */
function splitRequests(step: string, tools: Tool[]): string[] {
  const clauses = step.split(/,?\s+and\s+/i);
  const isFreeText = /[:"“]/.test(step);
  if (clauses.length === 1 || isFreeText) return [step];
  return clauses.every((clause) => isRequest(clause, tools)) ? clauses : [step];
}

function isRequest(clause: string, tools: Tool[]): boolean {
  const match = matchTool(clause, tools);
  return match !== undefined && fillArguments(clause, match).ok;
}

function decideClause(clause: string, situation: Situation): Decision {
  const live = situation.toolChoice === 'none' ? [] : situation.tools;
  const match = matchTool(clause, chosen(live, situation.toolChoice)) ?? forced(live, situation.toolChoice);
  const gone = matchTool(clause, goneTools(situation));
  if (gone && gone.points > (match?.points ?? 0)) {
    const name = spokenName(gone.tool.name);
    const text = isForbidden(gone.tool.name, situation.items)
      ? `Your role in this workspace does not allow ${name}.`
      : `I cannot do that: ${name} is not available now.`;
    return { kind: 'say', text };
  }
  if (!match) {
    const waiting = waitingWords(clause, situation.items);
    if (waiting) return { kind: 'say', text: waiting };
    const text = smallTalk(
      clause,
      situation.tools.map((tool) => spokenName(tool.name)),
    );
    return { kind: 'say', text: text ?? `I have no tool for that. ${suggestion(situation.sentences)}` };
  }
  const filled = fillArguments(clause, match);
  if (filled.ok) {
    const params = paramsOf(match.tool.parameters);
    const args = situation.reasons ? withExplicitNulls(filled.args, params) : filled.args;
    return { kind: 'call', name: match.tool.name, args };
  }
  return { kind: 'say', text: ask(filled.missing, match.tool.name) };
}

function chosen(tools: Tool[], choice: ToolChoice): Tool[] {
  const name = typeof choice === 'string' ? choice : choice.name;
  return ['auto', 'required'].includes(name) ? tools : tools.filter((tool) => tool.name === name);
}

/** The call comes even when no word asks for it. */
function forced(
  tools: Tool[],
  choice: ToolChoice,
): { tool: Tool; points: number; head: number[] } | undefined {
  const tool = choice === 'auto' ? undefined : chosen(tools, choice)[0];
  return tool && { tool, points: 0, head: [] };
}

/** Held before, called before, or reported as removed by a system message. */
function goneTools({ items, tools, formerTools }: Situation): Tool[] {
  const gone = new Map<string, Tool>();
  for (const item of items) {
    const names = item.type === 'function_call' ? [item.name] : removedNames(item);
    for (const name of names) gone.set(name, { type: 'function', name });
  }
  for (const tool of formerTools) gone.set(tool.name, tool);
  for (const tool of tools) gone.delete(tool.name);
  return [...gone.values()];
}

function removedNames(item: Item): string[] {
  return partsNaming(item, /remov|no longer|not available|unavailable|gone|deleted|disconnected|lost/i);
}

function isForbidden(name: string, items: readonly Item[]): boolean {
  const told = items.findLast((item) => removedNames(item).includes(name));
  return told !== undefined && partsNaming(told, /user's role/i).includes(name);
}

function partsNaming(item: Item, about: RegExp): string[] {
  if (item.type !== 'message' || item.role !== 'system') return [];
  return textOf(item)
    .split(/[.;\n]/)
    .filter((part) => about.test(part))
    .flatMap((part) => part.match(/[A-Za-z0-9]+(?:[_-]+[A-Za-z0-9]+)+/g) ?? []);
}

/** The latest message about the server wins. */
function waitingWords(clause: string, items: readonly Item[]): string | undefined {
  const said = clause.toLowerCase();
  return items
    .filter((item) => item.type === 'message' && item.role === 'system')
    .map((item) => /^The (.+?) server needs action from the user\b.*\bsay once: "(.+)"$/.exec(textOf(item)))
    .findLast((told) => told?.[1] && said.includes(told[1].toLowerCase()))?.[2];
}

function ask(missing: Param, toolName: string): string {
  const question = `What is the ${inWords(nameWords(missing.name))} for ${spokenName(toolName)}?`;
  const choices = missing.choices.length > 0 ? missing.choices : missing.examples;
  if (choices.length === 0) return question;
  return `${question} For example ${choices.slice(0, 3).map(String).join(', ')}.`;
}

function spokenName(toolName: string): string {
  return inWords(nameWords(toolName));
}

function suggestion(sentences: string[]): string {
  return sentences.length > 0
    ? `You can say: ${sentences.slice(0, 2).join(', or: ')}.`
    : 'You can give me tools.';
}

function asSentence(text: string): string {
  return /[.!?]$/.test(text) || !text ? text : `${text}.`;
}
