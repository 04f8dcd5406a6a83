import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export interface Cable {
  url: string;
  pull(): Promise<void>;
  plug(): Promise<void>;
}

/** @param target http:// or ws:// address on this machine; its path is kept */
export async function layCable(target: string): Promise<Cable> {
  const { port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;

  const plug = async (): Promise<void> => {
    server = createServer((near) => {
      const far = connect(Number(targetPort), '127.0.0.1');
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        sockets.add(from);
        from.on('error', () => to.destroy());
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as AddressInfo);
  };

  await plug();
  const url = new URL(target);
  url.port = String(port);
  return {
    url: url.href.replace(/\/$/, ''),
    plug,
    async pull() {
      const old = server;
      server = null;
      for (const socket of sockets) socket.destroy();
      if (old) await new Promise((resolve) => old.close(resolve));
    },
  };
}
