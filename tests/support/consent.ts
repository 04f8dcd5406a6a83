/**
 * Signs in at the authorization server and agrees.
 * @param url where the sign-in begins
 * @param person the name to sign in with
 * @returns what it sends the person back with
 */
export async function consentAs(person: string, url: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let next = new URL(url);
  let form: URLSearchParams | null = null;
  for (let step = 0; step < 20; step += 1) {
    const response: Response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { method: 'POST', body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('location');
    const page = await response.text();
    form = null;
    if (location !== null) {
      next = new URL(location, next);
      if (next.origin !== new URL(url).origin) return next.searchParams;
    } else {
      const [, prompt] = /name="prompt" value="(\w+)"/.exec(page) ?? [];
      const [, action] = /action="([^"]+)"/.exec(page) ?? [];
      if (!prompt || !action)
        throw new Error(`the authorization server answered ${response.status}:\n${page}`);
      next = new URL(action, next);
      form = new URLSearchParams({ prompt, ...(prompt === 'login' && { login: person, password: 'any' }) });
    }
  }
  throw new Error('the authorization server does not come to an end');
}
