import { setTimeout as delay } from 'node:timers/promises';
import type { Room } from '@livekit/rtc-node';
import { TOPIC_ACTIVITY } from '@patchbay/shared/contract/room-topics';
import {
  type Activity,
  type ServerToolsSize,
  type ToolsActivity,
} from '@patchbay/shared/contract/schema/activity';
import type { Log } from '@patchbay/livekit/log';
import type { LinkState } from '@patchbay/livekit/servers/link-state';
import type { ServerLink } from '@patchbay/livekit/servers/server-link';
import type { ToolBudget } from '@patchbay/livekit/tools/tool-capacity';
import { type ModelTool, type ToolSet, sizeOf } from '@patchbay/livekit/tools/tool-set';

/** Tells the people in the room what the agent does, in order, one message after the other. */
export class ActivityFeed {
  readonly #room: Room;
  readonly #log: Pick<Log, 'warn'>;
  #last: Promise<void> = Promise.resolve();

  constructor(room: Room, log: Pick<Log, 'warn'>) {
    this.#room = room;
    this.#log = log;
  }

  /** Resolves when all messages are sent, or after a while: a room may not take them. */
  async sent(withinMs: number): Promise<void> {
    await Promise.race([this.#last, delay(withinMs, undefined, { ref: false })]);
  }

  /** Sends a message; returns at once. A room that cannot be reached misses it. */
  send(activity: Activity): void {
    this.#last = this.#last.then(async () => {
      try {
        await this.#room.localParticipant?.sendText(JSON.stringify(activity), { topic: TOPIC_ACTIVITY });
      } catch (error) {
        this.#log.warn({ error, type: activity.type }, 'an activity message was not sent');
      }
    });
  }
}

/** The activity message about a set of tools. */
export function toolsActivity(
  set: ToolSet,
  budget: ToolBudget,
  reason: string,
  acknowledged: boolean,
): ToolsActivity {
  return {
    type: 'tools',
    names: set.tools.map(({ name }) => name),
    reason,
    acknowledged,
    left_out: set.leftOut.map(({ tool, reason: why, message }) => ({
      server: tool.serverName,
      tool: tool.toolName,
      reason: why,
      ...(message !== undefined && { message }),
    })),
    budget: { ...budget, servers: serverSizes(set) },
  };
}

function serverSizes({ tools, leftOut, servers }: ToolSet): ServerToolsSize[] {
  const tooMany = leftOut.filter(({ reason }) => reason === 'limit').map(({ tool }) => tool);
  return servers.map(({ id }) => {
    const ownSize = (all: readonly ModelTool[]) => sizeOf(all.filter(({ serverId }) => serverId === id));
    const rest = ownSize(tooMany);
    return { server_id: id, ...ownSize(tools), left_out: rest.tools, left_out_tokens: rest.tokens };
  });
}

/** The activity message about a server. */
export function serverActivity({ server }: Pick<ServerLink, 'server'>, state: LinkState['name']): Activity {
  return { type: 'server', server_id: server.id, name: server.name, state };
}
