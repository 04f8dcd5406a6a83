/** Only this process trusts the certificate, while the server runs. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import tls from 'node:tls';

/** Self-signed for localhost, valid from 2020 to 2097. It protects nothing. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBhDCCASqgAwIBAgIUMZD7XEaRrlLxKnk9r/LjO8QhOS0wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOcGF0Y2hiYXkgc3RvcnkwIBcNMjAwMTAxMDAwMDAwWhgPMjA5
ODAxMDEwMDAwMDBaMBkxFzAVBgNVBAMMDnBhdGNoYmF5IHN0b3J5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAED5T/AVEW6RYoxUacZcZl7Zo+2Kx+B4BJlERkWr19
3l+4pYPu52kVxNFyiRJlgCNPixZTg21ZRsOjSiPOcSHUx6NOMEwwGgYDVR0RBBMw
EYIJbG9jYWxob3N0hwR/AAABMA8GA1UdEwEB/wQFMAMBAf8wHQYDVR0OBBYEFDpT
yQV+QqiTnVVc1jS1Roc9dNTDMAoGCCqGSM49BAMCA0gAMEUCIC/f+TSpzgfXYjQj
QFHZ+alPxbtMwLYikXXjnLZ4pnonAiEA5waFaiqxsUvWWf5TK4fPrXjposnfpDX4
3Dosotjj+HM=
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg7prfMzCB/BLXIciY
6DTLpQgPUuxzkie0l56ucTYtknqhRANCAAQPlP8BURbpFijFRpxlxmXtmj7YrH4H
gEmURGRavX3eX7ilg+7naRXE0XKJEmWAI0+LFlODbVlGw6NKI85xIdTH
-----END PRIVATE KEY-----
`;

export interface TlsServer {
  url: string;
  expiresAt: Date;
  close(): Promise<void>;
}

/** Passes what comes by TLS on to a port of this machine. */
export async function startTlsServer(target: number): Promise<TlsServer> {
  const trusted = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...trusted, CERTIFICATE]);
  const sockets = new Set<{ destroy: () => unknown }>();
  const server = tls.createServer({ cert: CERTIFICATE, key: KEY }, (inside) => {
    const outside = connect(target, '127.0.0.1');
    for (const socket of [inside, outside]) {
      sockets.add(socket);
      socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
    }
    inside.pipe(outside).pipe(inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}/mcp`,
    expiresAt: new Date(new X509Certificate(CERTIFICATE).validTo),
    close: async () => {
      tls.setDefaultCACertificates(trusted);
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
