import { describe, expect, it } from 'vitest';
import { OutputConfig, routeRequest, type BuildFiles } from './routes.ts';

/** As @sveltejs/adapter-vercel writes it. */
const config = OutputConfig.parse({
  version: 3,
  routes: [
    { src: '.*', continue: true, transforms: [{ type: 'request.query', op: 'delete' }] },
    { src: '/old', headers: { Location: '/new' }, status: 308 },
    { src: '/_app/immutable/.+', headers: { 'cache-control': 'public, immutable, max-age=31536000' } },
    { handle: 'filesystem' },
    { src: '/_app/immutable/.+', status: 404, headers: { 'cache-control': 'no-store' } },
    { src: '^/?(?:/__data.json)?$', dest: '/' },
    { src: '^/servers/([^/]+?)/?(?:/__data.json)?$', dest: '/servers/[id]' },
    { src: '/.*', dest: '/![-]/catchall' },
  ],
  overrides: { 'about.html': { path: 'about' } },
});
const files = new Set(['_app/immutable/entry.js', 'favicon.svg', 'about.html']);
const functions = new Set(['index', 'servers/[id]', '![-]/catchall']);
const buildFiles: BuildFiles = {
  hasFile: (name) => files.has(name),
  hasFunction: (name) => functions.has(name),
};
const route = (path: string) => routeRequest(path, config, buildFiles);

describe('routes of the built page', () => {
  it('serves files, and lets browsers keep those that never change', () => {
    expect(route('/favicon.svg')).toEqual({ kind: 'file', file: 'favicon.svg', headers: {} });
    expect(route('/_app/immutable/entry.js')).toEqual({
      kind: 'file',
      file: '_app/immutable/entry.js',
      headers: { 'cache-control': 'public, immutable, max-age=31536000' },
    });
  });

  it('never keeps the absence of such a file', () => {
    expect(route('/_app/immutable/missing.js')).toEqual({
      kind: 'response',
      status: 404,
      headers: { 'cache-control': 'no-store' },
    });
  });

  it('finds the function of a page and of its data', () => {
    expect(route('/')).toMatchObject({ kind: 'function', name: 'index' });
    expect(route('/servers/42')).toMatchObject({ kind: 'function', name: 'servers/[id]' });
    expect(route('/servers/42/__data.json')).toMatchObject({ kind: 'function', name: 'servers/[id]' });
  });

  it('leaves what no route knows to the catch-all, which draws the 404 page', () => {
    expect(route('/nowhere/at/all')).toMatchObject({ kind: 'function', name: '![-]/catchall' });
  });

  it('follows redirects and the names of prerendered pages', () => {
    expect(route('/old')).toMatchObject({ kind: 'response', status: 308, headers: { location: '/new' } });
    expect(route('/about')).toMatchObject({ kind: 'file', file: 'about.html' });
  });
});
