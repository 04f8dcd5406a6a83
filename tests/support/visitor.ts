import type { Person } from './person.ts';
import { runningStack } from './running-stack.ts';

interface Visit {
  html: string;
  /** The target of a redirect. */
  location: string | null;
}

export interface Visitor {
  get(path: string): Promise<Visit>;
  send(path: string, fields?: Record<string, string>): Promise<Visit>;
}

/** @param who signs in to the page; null: nobody does */
export async function visitAs(who: Person | null): Promise<Visitor> {
  const { web_url } = runningStack();
  const cookies = new Map<string, string>();
  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { origin: web_url, accept: 'text/html', cookie };
    const response = await fetch(web_url + path, { ...init, headers, redirect: 'manual' });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  const visit = async (path: string, init: RequestInit): Promise<Visit> => {
    const response = await ask(path, init);
    return { html: await response.text(), location: response.headers.get('location') };
  };
  if (who) {
    const body = new URLSearchParams({ email: who.email, password: who.password });
    await ask('/sign-in?/signIn', { method: 'POST', body });
  }
  return {
    get: (path) => visit(path, {}),
    send: (path, fields = {}) => visit(path, { method: 'POST', body: new URLSearchParams(fields) }),
  };
}
