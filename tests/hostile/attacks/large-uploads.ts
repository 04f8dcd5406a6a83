import { request } from 'node:http';
import { Readable } from 'node:stream';
import type { Attack } from '../attack.ts';
import { holds, atMost, type Finding } from '../finding.ts';

const MB = 2 ** 20;
const UPLOAD_MB = 300;
/** 5 MB, plus the socket buffers on the way. */
const MOST_MB = 24;
const PIECE = Buffer.alloc(64 * 1024, 'a');

export const attack: Attack = {
  name: `bodies of ${UPLOAD_MB} MB, without a length, also before any sign-in`,
  async run(arena) {
    const { web_url, supabase_url, publishable_key: apikey } = arena.stack;
    const { client } = await arena.tenant('uploader');
    const { data } = await client.auth.getSession();
    const user = { apikey, authorization: `Bearer ${data.session?.access_token}` };
    const form = { 'content-type': 'application/x-www-form-urlencoded', origin: web_url };
    const findings = await Promise.all([
      upload('the sign-in form', `${web_url}/sign-in?/signIn`, form),
      upload('a function', `${supabase_url}/functions/v1/voice-token`, user),
      upload('Auth', `${supabase_url}/auth/v1/signup`, { apikey }),
    ]);
    return findings.flat();
  },
};

async function upload(what: string, url: string, headers: Record<string, string>): Promise<Finding[]> {
  let sent = 0;
  function* pieces(): Generator<Uint8Array> {
    while (sent < UPLOAD_MB * MB) {
      sent += PIECE.length;
      yield PIECE;
    }
  }
  const { promise, resolve } = Promise.withResolvers<{ status: number; text: string }>();
  let answer = { status: 0, text: '' };
  const body = Readable.from(pieces(), { highWaterMark: 1 });
  const outgoing = request(url, { method: 'POST', headers: { 'transfer-encoding': 'chunked', ...headers } });
  outgoing.on('response', (response) => {
    answer = { status: response.statusCode ?? 0, text: '' };
    response.on('data', (chunk) => (answer.text += String(chunk)));
    response.on('error', () => {});
  });
  outgoing.on('error', () => {});
  outgoing.on('close', () => resolve(answer));
  body.pipe(outgoing);
  const { status, text } = await promise;
  body.destroy();
  return [
    holds(`${what}: HTTP 413 with a sentence`, status === 413 && text.includes('5 MB'), `HTTP ${status}`),
    atMost(`${what}: taken`, sent / MB, MOST_MB, 'MB'),
  ];
}
