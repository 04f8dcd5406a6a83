import { isIP } from 'node:net';

/**
 * The address that Auth's limits count by, as hosted projects see it where "IP address forwarding" is on: the first
 * one in `Sb-Forwarded-For`, which counts only beside the secret key; else that of the connection.
 */
export function clientAddress(headers: Headers, connection: string, secretKey: string): string {
  const [forwarded = ''] = headers.get('sb-forwarded-for')?.split(',') ?? [];
  const isTrusted = headers.get('apikey') === secretKey;
  return isTrusted && isIP(forwarded.trim()) ? forwarded.trim() : connection;
}
