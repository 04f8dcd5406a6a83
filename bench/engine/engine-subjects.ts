import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openConnection } from '@patchbay/shared/engine/session/open-connection';

const CLIENT_INFO = { name: 'patchbay-bench', version: '0.1.0' };

export interface Connected {
  call(n: number): Promise<string>;
  close(): Promise<void>;
}

export type SubjectName = 'client' | 'sdk' | 'engine';

export interface Subject {
  about: string;
  /** @param places how many calls may run at a time */
  connect(url: string, places: number): Promise<Connected>;
}

export const SUBJECTS: Record<SubjectName, Subject> = {
  client: {
    about: '@modelcontextprotocol/client, mode auto, with a subscription to tool list changes',
    async connect(url) {
      const client = new Client(CLIENT_INFO, { versionNegotiation: { mode: 'auto' } });
      const transport = new StreamableHTTPClientTransport(new URL(url));
      await client.connect(transport);
      // A legacy client is notified of new tools; a modern one has to ask, as the engine does.
      const isModern = client.getProtocolEra() === 'modern';
      const subscription = isModern ? client.listen({ toolsListChanged: true }) : null;
      await client.listTools();
      return {
        call: async (n) => textOf(await client.callTool({ name: 'echo', arguments: { n } })),
        close: async () => {
          await (await subscription)?.close();
          if (transport.sessionId !== undefined) await transport.terminateSession();
          await client.close();
        },
      };
    },
  },
  sdk: {
    about: '@modelcontextprotocol/sdk, which knows the older era only',
    async connect(url) {
      const client = new ClientV1(CLIENT_INFO);
      const transport = new TransportV1(new URL(url));
      await client.connect(transport);
      await client.listTools();
      return {
        call: async (n) => textOf(await client.callTool({ name: 'echo', arguments: { n } })),
        close: async () => {
          await transport.terminateSession();
          await client.close();
        },
      };
    },
  },
  engine: {
    about: 'openConnection, as a conversation uses it',
    connect(url, places) {
      return new Promise((resolve, reject) => {
        openConnection(
          {
            serverId: 'bench',
            configVersion: 1,
            url,
            transport: 'auto',
            credential: { method: 'none' },
            callTimeoutMs: 60_000,
            maxConcurrency: places,
          },
          {
            policy: 'local',
            onState: (state, connection) => {
              if (state.name === 'waiting') reject(state.error);
              if (state.name !== 'ready') return;
              resolve({
                call: async (n) => (await connection.call('echo', { n })).text,
                close: () => connection.close(),
              });
            },
          },
        );
      });
    },
  },
};

function textOf(result: Record<string, unknown>): string {
  // The benchmark's server always answers with one block of text.
  const [block] = result['content'] as { text?: string }[];
  return block?.text ?? '';
}
