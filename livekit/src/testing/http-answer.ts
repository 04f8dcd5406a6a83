export interface HttpAnswer {
  status: number;
  body?: object;
  headers?: Record<string, string>;
}

/** An answer over HTTP as its bytes, for sockets that no HTTP server answers on any more. */
export function httpAnswer({ status, body = {}, headers = {} }: HttpAnswer): string {
  const text = JSON.stringify(body);
  const lines = Object.entries({ ...headers, 'content-length': text.length, connection: 'close' });
  return `HTTP/1.1 ${status} No\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`;
}
