import { SpeechScheduler } from '@patchbay/livekit/calls/speech-scheduler';
import type { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import type { Log } from '@patchbay/livekit/log';
import { History } from '@patchbay/livekit/model/history';
import type { ModelWatcher } from '@patchbay/livekit/model/model-failure';
import type { VoiceModel } from '@patchbay/livekit/model/voice-model';
import { ToolCapacity } from '@patchbay/livekit/tools/tool-capacity';
import type { ToolUsage } from '@patchbay/livekit/tools/tool-usage';
import type { Room } from '@livekit/rtc-node';
import type { EndReason } from '@patchbay/shared/contract/end-reason';
import type { SessionBeginning, SessionSnapshot } from '@patchbay/shared/contract/schema/snapshot';
import type { SecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import type { Database } from '../database.ts';
import type { Environment } from '../environment.ts';
import { ActivityFeed } from '../reports/activity.ts';
import { CallMemory } from '../reports/call-details.ts';
import { FailureReports } from '../reports/failure-reports.ts';
import { LinkReports } from '../reports/link-reports.ts';
import { Reports } from '../reports/reports.ts';
import { credentialsIn } from './credentials.ts';
import { ConversationServers } from './conversation-servers.ts';
import { ConversationTools } from './conversation-tools.ts';
import { PromptUpdates } from './prompt-updates.ts';
import { instructionsFor } from './prompt.ts';
import { SessionLimits } from './session-limits.ts';

export interface ConversationPartsOptions {
  environment: Environment;
  secretKeys: SecretKeys;
  database: Database;
  room: Room;
  beginning: SessionBeginning;
  /** Makes the model, which starts with these instructions. */
  createModel: (instructions: string, watcher: ModelWatcher) => VoiceModel;
  latencies: ToolLatencies;
  usage: ToolUsage;
  log: Log;
}

export type ConversationParts = ReturnType<typeof createConversationParts>;

/**
 * Makes the parts of one conversation and connects them.
 * @param end ends the conversation; `endReason` is null when somebody else has recorded one
 */
export function createConversationParts(
  options: ConversationPartsOptions,
  end: (why: string, endReason: EndReason | null) => void,
) {
  const { environment, secretKeys, beginning, database, room, latencies, usage, log } = options;
  const { session, agent } = beginning;
  const endFor = (reason: EndReason): void => end(reason, reason);
  const instructions = instructionsFor(agent.system_prompt);
  const feed = new ActivityFeed(room, log);
  const reports = new Reports(database, session.id, log);
  const memory = new CallMemory();

  const failures = new FailureReports({ feed, scheduler: () => scheduler, log, end: endFor });
  const model = options.createModel(instructions, failures);
  const history = new History(model);
  const scheduler = new SpeechScheduler({
    model,
    onFault: (error) => log.warn({ error }, 'the agent could not be asked to speak'),
  });
  const limits = new SessionLimits({
    idleTimeoutMs: environment.PATCHBAY_IDLE_TIMEOUT_MS,
    scheduler,
    feed,
    end: endFor,
  });
  limits.idle.follow(model.session);

  const toolCapacity = new ToolCapacity(model.traits.limits, environment.PATCHBAY_TOOL_TOKENS);
  toolCapacity.instructions = instructions;
  const tools: ConversationTools = new ConversationTools({
    sessionId: session.id,
    model,
    capacity: toolCapacity,
    linkOf: (serverId) => servers.linkOf(serverId),
    scheduler,
    idle: limits.idle,
    latencies,
    usage,
    history,
    memory,
    feed,
    reports,
    log,
  });
  const prompt = new PromptUpdates({ instructions, tools, model, log });
  const servers: ConversationServers = new ConversationServers({
    session,
    policy: environment.PATCHBAY_ADDRESS_POLICY,
    database,
    credentialOf: credentialsIn(
      beginning,
      secretKeys,
      database.serviceRpc,
      environment.PATCHBAY_ADDRESS_POLICY,
    ),
    tools,
    feed,
    reports: new LinkReports(reports, session.user_id),
    notify: (line) => model.notify(line),
    onSnapshot: (snapshot) => applySnapshot(snapshot),
    onSessionEnded: () => end('the session was ended elsewhere', null),
    log,
  });

  /** Applies what may change in a running conversation; the rest of a configuration waits for the next one. */
  function applySnapshot({ agent: settings, limits: workspaceLimits }: SessionSnapshot): void {
    limits.apply(workspaceLimits);
    model.applySettings(settings);
    prompt.change(instructionsFor(settings.system_prompt));
  }

  return { feed, reports, memory, model, history, limits, tools, servers };
}
