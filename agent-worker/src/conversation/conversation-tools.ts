/** The tools of one conversation: which ones it should have, what the model holds, and who hears of changes. */
import { ResultCache } from '@patchbay/shared/engine/calls/result-cache';
import type { ToolsActivity } from '@patchbay/shared/contract/schema/activity';
import { type ActivityFeed, toolsActivity } from '../reports/activity.ts';
import type { CallMemory } from '../reports/call-details.ts';
import type { SpeechScheduler } from '@patchbay/livekit/calls/speech-scheduler';
import type { History } from '@patchbay/livekit/model/history';
import type { IdleWatch } from './idle-watch.ts';
import type { Log } from '@patchbay/livekit/log';
import type { VoiceModel } from '@patchbay/livekit/model/voice-model';
import { type Published, Publisher } from '@patchbay/livekit/tools/publisher';
import type { Reports } from '../reports/reports.ts';
import { traceCall } from '../telemetry/trace-call.ts';
import { describeChange } from '@patchbay/livekit/tools/tool-change';
import type { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import type { ToolCapacity } from '@patchbay/livekit/tools/tool-capacity';
import { type ModelTool, type ToolSet, recachedTools, sizeOf } from '@patchbay/livekit/tools/tool-set';
import type { ToolUsage } from '@patchbay/livekit/tools/tool-usage';
import type { CallableLink } from '@patchbay/livekit/calls/call-outcome';
import type { CurrentTool } from '@patchbay/livekit/calls/recorded-call';
import { type VoiceTool, createVoiceTool } from '@patchbay/livekit/calls/voice-tool';

export interface ConversationToolsOptions {
  sessionId: string;
  model: Pick<VoiceModel, 'pushTools' | 'notify' | 'toBackground'>;
  capacity: ToolCapacity;
  linkOf: (serverId: string) => CallableLink | undefined;
  scheduler: SpeechScheduler;
  idle: Pick<IdleWatch, 'waitFor'>;
  latencies: ToolLatencies;
  usage: ToolUsage;
  history: Pick<History, 'trim'>;
  memory: Pick<CallMemory, 'keep'>;
  feed: Pick<ActivityFeed, 'send'>;
  reports: Pick<Reports, 'toolCall'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

export class ConversationTools {
  readonly cache = new ResultCache({ now: () => performance.now() });
  readonly #options: ConversationToolsOptions;
  readonly #publisher: Publisher;
  /** The tools that the conversation should have, by name. */
  #wanted = new Map<string, ModelTool>();
  /** Names of tools that the role of the user does not allow. */
  #forbidden: ReadonlySet<string> = new Set();
  /** The first set has reached the model: it is notified of changes from then on. */
  #introduced = false;

  constructor(options: ConversationToolsOptions) {
    const { model, capacity, usage, log } = options;
    this.#options = options;
    this.#publisher = new Publisher({
      push: (tools) => model.pushTools(tools.map((tool) => this.toFunctionTool(tool))),
      capacity,
      usageOf: (tool) => usage.of(tool),
      onPublished: (published) => this.#onPublished(published),
      onExcluded: ({ name, serverId }, message) =>
        log.warn({ tool: name, server: serverId, message }, 'the model refused a tool'),
      onTooLarge: (tools, message) =>
        log.warn({ ...sizeOf(tools), message }, 'the model rejected a set of tools for its size'),
      onFault: (error) => log.error({ error }, 'tools could not be handed to the model'),
    });
  }

  /** The set that the model was last known to hold. */
  get current(): ToolSet {
    return this.#publisher.current;
  }

  /** Makes the set the one that the conversation should have, and hands it to the model; returns at once. */
  offer(set: ToolSet): void {
    for (const { serverId, toolName } of recachedTools([...this.#wanted.values()], set.tools))
      this.cache.forget(serverId, [toolName]);
    this.#wanted = new Map(set.tools.map((tool) => [tool.name, tool]));
    this.#forbidden = new Set(set.leftOut.map(({ tool }) => tool.name));
    if (set.tools.length === 0) this.#introduced = true;
    this.#publisher.offer(set);
  }

  /** Resolves when the model's tools fit beside these instructions. */
  async reserveFor(instructions: string): Promise<void> {
    this.#options.capacity.instructions = instructions;
    this.#publisher.refit();
    await this.#publisher.settled();
  }

  /** The tool as the framework runs it: every call is recorded, traced and shown. */
  toFunctionTool(tool: ModelTool): VoiceTool {
    const { sessionId, model, linkOf, scheduler, idle, latencies, usage, memory, feed, reports, log } =
      this.#options;
    return createVoiceTool(tool, {
      sessionId,
      currentOf: (own) => this.#currentOf(own),
      linkOf,
      scheduler,
      latencies,
      toBackground: (callId, notice) => model.toBackground(callId, notice),
      onRunning: (over) => idle.waitFor(over),
      onActivity: (activity) => {
        if (activity.type === 'tool_call' && activity.phase === 'started') usage.note(tool);
        feed.send(activity);
      },
      onCall: (call, shown) => {
        traceCall(call);
        memory.keep(call, shown);
        reports.toolCall(call);
      },
      onFault: ({ name }, error) => log.error({ error, tool: name }, 'a tool call failed'),
      now: Date.now,
    });
  }

  #currentOf({ name, serverId }: ModelTool): CurrentTool {
    const tool = this.#wanted.get(name);
    if (tool?.serverId === serverId) return tool;
    return this.#forbidden.has(name) ? 'forbidden' : 'removed';
  }

  /** What the page of someone who joins is sent. */
  activity(isSettled: boolean): ToolsActivity {
    return toolsActivity(this.current, this.#options.capacity.budget, 'joined', isSettled);
  }

  stop(): void {
    this.#publisher.stop();
  }

  #onPublished({ before, after, acknowledged }: Published): void {
    const { model, capacity, history, feed, log } = this.#options;
    const { line, leftOutLine, reason } = describeChange(before, after);
    const isFirst = !this.#introduced;
    if (acknowledged) {
      this.#introduced = true;
      // The model knows its first tools, but not those that were left out of them.
      const notice = [isFirst ? null : line, leftOutLine].filter((text) => text !== null).join(' ');
      if (notice) model.notify(notice);
    }
    history.trim();
    const because = isFirst ? 'start' : reason;
    feed.send(toolsActivity(after, capacity.budget, because, acknowledged));
    log.info(
      { ...sizeOf(after.tools), leftOut: after.leftOut.length, acknowledged, reason: because },
      'tools were published',
    );
  }
}
