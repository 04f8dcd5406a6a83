import { isIP } from 'node:net';

/**
 * Returns the address that Auth's limits count by, as in hosted projects with "IP address forwarding": the first one in
 * `Sb-Forwarded-For`, if the request has the secret key; else the connection's.
 */
export function clientAddress(headers: Headers, connection: string, secretKey: string): string {
  const [forwarded = ''] = headers.get('sb-forwarded-for')?.split(',') ?? [];
  const isTrusted = headers.get('apikey') === secretKey;
  return isTrusted && isIP(forwarded.trim()) ? forwarded.trim() : connection;
}
