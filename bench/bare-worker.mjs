// The least that agents-js does for a realtime model, without tools: the baseline of the footprint.
// Runs as the worker, and as the agent in each job process.
import {
  AgentServer,
  InferenceRunner,
  ServerOptions,
  defineAgent,
  initializeLogger,
  voice,
} from '@livekit/agents';
import * as openai from '@livekit/agents-plugin-openai';

const { env } = process;

export default defineAgent({
  async entry(job) {
    await job.connect();
    const session = new voice.AgentSession({
      llm: new openai.realtime.RealtimeModel({ apiKey: env.OPENAI_API_KEY, baseURL: env.OPENAI_BASE_URL }),
      vad: null,
      turnHandling: { turnDetection: null },
      userAwayTimeout: null,
    });
    session.on(voice.AgentSessionEventTypes.Close, () => job.shutdown('closed'));
    const agent = new voice.Agent({ instructions: 'You are a voice assistant.' });
    await session.start({ agent, room: job.room, record: false });
    session.generateReply({ instructions: 'Greet the user in one short sentence.' });
  },
});

if (import.meta.main) {
  initializeLogger({ pretty: false, level: 'warn' });
  InferenceRunner.registerRunner = () => {};
  const server = new AgentServer(
    new ServerOptions({
      agent: import.meta.filename,
      agentName: env.PATCHBAY_AGENT_NAME,
      wsURL: env.LIVEKIT_URL,
      apiKey: env.LIVEKIT_API_KEY,
      apiSecret: env.LIVEKIT_API_SECRET,
      host: '127.0.0.1',
      port: Number(env.PATCHBAY_WORKER_PORT),
      numIdleProcesses: 1,
      initializeProcessTimeout: 60_000,
      loadFunc: async () => 0,
      loadThreshold: 1,
      production: true,
    }),
  );
  await server.run();
}
