import type { log } from '@livekit/agents';

/** The framework's structured log. */
export type Log = ReturnType<typeof log>;
