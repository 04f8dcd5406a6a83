/** Stands in for api.supabase.com. It doesn't return all two hundred Auth settings, so the CLI ends with an error. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { z } from 'zod';

const Metadata = z.object({
  entrypoint_path: z.string(),
  import_map_path: z.string(),
  verify_jwt: z.boolean(),
});
const Secrets = z.array(z.object({ name: z.string(), value: z.string() }));

interface Uploaded {
  metadata: z.infer<typeof Metadata>;
  files: Map<string, string>;
}

export interface ManagementApi {
  functions: Map<string, Uploaded>;
  secrets: Map<string, string>;
  auth: Record<string, unknown>;
  cli: { more: string[]; env: NodeJS.ProcessEnv };
  close(): Promise<void>;
}

export async function startManagementApi(): Promise<ManagementApi> {
  const functions: ManagementApi['functions'] = new Map();
  const secrets: ManagementApi['secrets'] = new Map();
  const auth: ManagementApi['auth'] = {};

  async function answer(request: IncomingMessage): Promise<[status: number, body: unknown]> {
    const url = new URL(request.url ?? '/', 'http://api');
    const body = new Uint8Array(await buffer(request));
    if (url.pathname.endsWith('/functions/deploy')) {
      const slug = url.searchParams.get('slug') ?? '';
      functions.set(slug, await readUpload(request, body));
      return [201, { id: crypto.randomUUID(), slug, name: slug, status: 'ACTIVE', version: 1 }];
    }
    if (url.pathname.endsWith('/secrets') && request.method === 'POST') {
      const text = new TextDecoder().decode(body);
      for (const { name, value } of Secrets.parse(JSON.parse(text))) secrets.set(name, value);
      return [201, {}];
    }
    if (url.pathname.endsWith('/config/auth') && request.method === 'PATCH') {
      Object.assign(auth, JSON.parse(new TextDecoder().decode(body)));
      return [200, auth];
    }
    if (url.pathname.endsWith('/config'))
      return [200, { data: { attributes: { auth: { site_url: 'http://localhost:3000' } } } }];
    if (url.pathname.endsWith('/billing/addons')) return [200, { selected_addons: [], available_addons: [] }];
    if (url.pathname.endsWith('/functions')) return [200, request.method === 'PUT' ? { functions: [] } : []];
    return [404, { message: 'not here' }];
  }

  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const home = await mkdtemp(join(tmpdir(), 'patchbay-supabase-home-'));
  const profile = join(home, 'profile.yaml');
  const addresses = ['api_url', 'dashboard_url', 'docs_url'].map((name) => `${name}: ${url}\n`);
  await writeFile(profile, `name: stand-in\nproject_host: supabase.test\n${addresses.join('')}`);
  return {
    functions,
    secrets,
    auth,
    cli: {
      more: ['--profile', profile],
      env: {
        PATH: process.env['PATH'],
        HOME: home,
        SUPABASE_HOME: home,
        SUPABASE_NO_KEYRING: '1',
        SUPABASE_ACCESS_TOKEN: `sbp_${'0'.repeat(40)}`,
      },
    },
    async close() {
      server.close().closeAllConnections();
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function readUpload(request: IncomingMessage, body: Uint8Array<ArrayBuffer>): Promise<Uploaded> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Request('http://api', { method: 'POST', headers, body }).formData();
  const files = new Map<string, string>();
  for (const part of form.getAll('file')) if (part instanceof File) files.set(part.name, await part.text());
  const metadata = form.get('metadata');
  const text = metadata instanceof File ? await metadata.text() : String(metadata);
  return { metadata: Metadata.parse(JSON.parse(text)), files };
}
