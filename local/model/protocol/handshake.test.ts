import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { API_ERRORS } from './api-errors.ts';
import { startRehearsalModel, type RehearsalModel } from '../server.ts';

let model: RehearsalModel;
beforeAll(async () => {
  model = await startRehearsalModel({ port: 0, log: () => undefined });
});
afterEach(() => model.faults.clear());
afterAll(() => model.close());

const BEARER = { authorization: 'Bearer any' };

async function refusalOf(path: string, headers: Record<string, string> = BEARER) {
  const ws = new WebSocket(`${model.url.replace('http', 'ws')}${path}`, { headers });
  const seen: unknown[] = [];
  ws.on('message', (message: Buffer) => seen.push(JSON.parse(message.toString())));
  const [code, reason] = (await once(ws, 'close')) as [number, Buffer];
  return { code, reason: reason.toString(), seen };
}

async function httpAnswer(path: string) {
  const ws = new WebSocket(`${model.url.replace('http', 'ws')}${path}`, { headers: BEARER });
  ws.on('error', () => undefined);
  const [, response] = (await once(ws, 'unexpected-response')) as [
    unknown,
    import('node:http').IncomingMessage,
  ];
  const body = Buffer.concat(await response.toArray()).toString();
  return { status: response.statusCode, body: body ? (JSON.parse(body) as unknown) : null };
}

describe('a handshake that the API refuses', () => {
  it.each([
    ['without a key', '/realtime?model=gpt-realtime', {}, 3000, 'invalid_request_error', null],
    ['without a model', '/realtime', BEARER, 4000, 'invalid_request_error.missing_model', 'missing_model'],
    ['with a model that is none', '/realtime?model=gpt-nope', BEARER, 4000, 'invalid_request_error.invalid_model', 'invalid_model'],
  ] as const)('%s gets an error event and a close', async (_, path, headers, code, reason, errorCode) => {
    expect(await refusalOf(path, headers)).toMatchObject({
      code,
      reason,
      seen: [{ type: 'error', error: { type: 'invalid_request_error', code: errorCode, param: null, event_id: null } }],
    });
  }); // prettier-ignore

  it('gets an HTTP error on another path', async () => {
    expect(await httpAnswer('/other')).toEqual({ status: 404, body: null });
  });
});

describe('a fault at the handshake', () => {
  it('is an HTTP error in the format of the REST API, as often as requested', async () => {
    const { model_not_found: error } = API_ERRORS;
    model.faults.add({ kind: 'handshake_refused', status: 404, error }, { times: 1 });
    const before = model.dials;
    expect(await httpAnswer('/realtime?model=gpt-realtime')).toEqual({
      status: 404,
      body: { error: { ...error, param: null } },
    });
    const ws = new WebSocket(`${model.url.replace('http', 'ws')}/realtime?model=gpt-realtime`, {
      headers: BEARER,
    });
    await once(ws, 'open');
    ws.terminate();
    expect(model.dials - before).toBe(2);
  });

  it('is a close with and without an error event', async () => {
    const turnOff = model.faults.add({
      kind: 'connection_closed',
      code: 4004,
      error: API_ERRORS.model_not_found,
    });
    const path = '/realtime?model=gpt-realtime';
    for (let n = 0; n < 2; n++)
      expect(await refusalOf(path)).toMatchObject({
        code: 4004,
        reason: 'invalid_request_error.model_not_found',
        seen: [{ type: 'error', error: { code: 'model_not_found' } }],
      });
    turnOff();
    model.faults.add({ kind: 'connection_closed', code: 3000 });
    expect(await refusalOf(path)).toEqual({ code: 3000, reason: '', seen: [] });
  });

  it("comes in the same packet as the handshake's response, or in a separate one", async () => {
    const firstPacket = async () => {
      const socket = connectTcp(model.port, '127.0.0.1');
      const lines = [
        'GET /v1/realtime?model=gpt-realtime HTTP/1.1',
        `Host: 127.0.0.1:${model.port}`,
        'Authorization: Bearer any',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
      ];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.destroy();
      return data.toString('latin1');
    };
    const error = API_ERRORS.invalid_api_key;
    model.faults.add({ kind: 'connection_closed', code: 3000, error }, { times: 1 });
    const packet = await firstPacket();
    expect(packet).toMatch(/^HTTP\/1\.1 101 /);
    expect(packet).toContain('"code":"invalid_api_key"');
    expect(packet).toContain('invalid_request_error.invalid_api_key');
    model.faults.add({ kind: 'connection_closed', code: 3000, error, inOwnPacket: true }, { times: 1 });
    expect(await firstPacket()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\n$/);
  });
});
