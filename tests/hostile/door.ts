import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface Door {
  url: string;
  /** Ends connections and accepts no more. */
  close: () => Promise<unknown>;
}

/** Opens another address of a server that listens on 127.0.0.1; all of 127.0.0.0/8 is this machine (Linux). */
export async function openDoor(host: string, port: number): Promise<Door> {
  const sockets = new Set<Socket>();
  const door: Server = createServer((client) => {
    const inside = connect(port, '127.0.0.1');
    for (const socket of [client, inside]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    // `pipe` doesn't pass on that a side closed: the server would never learn that its client left.
    client.on('close', () => inside.destroy());
    inside.on('close', () => client.destroy());
    client.pipe(inside).pipe(client);
  }).listen(0, host);
  await once(door, 'listening');
  const url = `http://${host}:${(door.address() as AddressInfo).port}/mcp`;
  const close = async (): Promise<void> => {
    if (!door.listening) return;
    door.close();
    for (const socket of sockets) socket.destroy();
    await once(door, 'close');
  };
  return { url, close };
}
