/** The entry of a job: one voice conversation in one room, in its own process. */
import { setTimeout as delay } from 'node:timers/promises';
import { type JobContext, defineAgent } from '@livekit/agents';
import { RoomEvent } from '@livekit/rtc-node';
import type { SessionBeginning } from '@patchbay/shared/contract/schema/snapshot';
import { parseSecretKeys } from '@patchbay/shared/engine/secrets/secret-envelope';
import { traceIdOf } from '@patchbay/shared/engine/tracing/trace-context';
import { z } from 'zod';
import { OpenAIRealtime } from '@patchbay/livekit/model/openai-realtime/openai-realtime';
import { Conversation } from './conversation/conversation.ts';
import { type Database, createDatabase } from './database.ts';
import { DatabaseError, createServiceClient } from './service-client.ts';
import { readEnvironment } from './environment.ts';
import type { Log } from '@patchbay/livekit/log';
import { installLog } from './log.ts';
import { useLongAudioFrames } from '@patchbay/livekit/model/workarounds/long-audio-frames';
import { startTracing } from './telemetry/tracing.ts';
import { ToolLatencies } from '@patchbay/livekit/calls/tool-latencies';
import { ToolUsage } from '@patchbay/livekit/tools/tool-usage';

const PING_METHOD = 'patchbay.ping';
const FIRST_LOOK_ATTEMPTS = 8;
const FIRST_LOOK_RETRY_MS = 500;
const SEND_TRACES_WITHIN_MS = 3_000;

/** What the dispatch carries. */
const JobMetadata = z.object({ session_id: z.uuid() });

/** The worker's word to a job that it must end, as the framework sends it to the job's process. */
const ShutdownRequest = z.object({ case: z.literal('shutdownRequest') });

useLongAudioFrames();
export default defineAgent({ entry });

async function entry(job: JobContext): Promise<void> {
  const log = installLog({ job: job.job.id, room: job.job.room?.name ?? '' });
  try {
    await converse(job, log);
  } catch (error) {
    // The framework ends the job without a word.
    log.error({ error }, 'the conversation could not begin');
    throw error;
  }
}

async function converse(job: JobContext, jobLog: Log): Promise<void> {
  const environment = readEnvironment(process.env);
  const secretKeys = parseSecretKeys(environment.PATCHBAY_SECRETS_KEYS);
  const { session_id } = JobMetadata.parse(JSON.parse(job.job.metadata));
  const log = jobLog.child({ session: session_id, trace_id: traceIdOf(session_id) });
  const client = createServiceClient(environment.SUPABASE_URL, environment.SUPABASE_SECRET_KEY);
  const database = createDatabase(client);

  const connected: Promise<void> = job.connect();
  const looking = firstLook(database, session_id, log);
  const [beginning] = await Promise.all([looking, connected]);
  if (!beginning) {
    log.warn('the session of this room has ended, or is unknown');
    job.shutdown('no session');
    return;
  }
  // Tells a live agent from the participant that a killed process leaves behind for a while.
  job.room.localParticipant?.registerRpcMethod(PING_METHOD, async () => 'ok');

  const latencies = new ToolLatencies();
  const usage = new ToolUsage();
  const tracing = startTracing(environment, session_id);
  const over = Promise.withResolvers<void>();
  const conversation = new Conversation({
    environment,
    secretKeys,
    client,
    database,
    room: job.room,
    beginning,
    createModel: (instructions, watcher) =>
      new OpenAIRealtime({ deployment: environment, agent: beginning.agent, instructions, watcher }),
    latencies,
    usage,
    log,
    onEnded: (reason) => {
      over.resolve();
      job.shutdown(reason);
    },
  });
  job.room.on(RoomEvent.Disconnected, () => over.resolve());
  process.on('message', (message) => {
    if (ShutdownRequest.safeParse(message).success) void conversation.sayGoodbye().then(over.resolve);
  });
  job.addShutdownCallback(async () => {
    await conversation.close();
    await tracing?.stop(SEND_TRACES_WITHIN_MS);
  });
  await conversation.start();
  // After the greeting, without waiting: until it is there, a slow tool is known as slow only after its first call.
  database.recentCallTimes(session_id).then(
    (times) => {
      latencies.remember(times);
      usage.remember(times);
    },
    (error: unknown) => log.warn({ error }, 'earlier call times could not be read'),
  );
  // The framework waits for this before it closes a session: time for the goodbye (15 s at most).
  await over.promise;
}

/** A database that is away for a moment does not cost the conversation. */
async function firstLook(database: Database, sessionId: string, log: Log): Promise<SessionBeginning | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await database.beginning(sessionId);
    } catch (error) {
      const isWorthwhile = error instanceof DatabaseError && error.retryable;
      if (!isWorthwhile || attempt === FIRST_LOOK_ATTEMPTS) throw error;
      log.warn({ error, attempt }, 'the session could not be read');
      await delay(FIRST_LOOK_RETRY_MS);
    }
  }
}
