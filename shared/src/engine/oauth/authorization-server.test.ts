import { describe, expect, it } from 'vitest';
import { checkEndpoints, requirePkce } from './authorization-server.ts';
import { SignInProblem } from './sign-in-problem.ts';

const problemOf = (check: () => void): SignInProblem | null => {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof SignInProblem) return error;
    throw error;
  }
};

describe('checkEndpoints', () => {
  const good = { issuer: 'https://as.example', token_endpoint: 'https://token.example/t?x=1' };

  it('takes https endpoints of any public host, and no metadata', () => {
    expect(problemOf(() => checkEndpoints(good, 'public'))).toBeNull();
    expect(problemOf(() => checkEndpoints(null, 'public'))).toBeNull();
  });

  it.each([
    'http://as.example/authorize',
    'https://user:pass@as.example/authorize',
    'https://user@as.example/authorize',
    'javascript:alert(1)//.example',
    'data:text/html,x',
    'https://127.0.0.1/authorize',
    'https://localhost/authorize',
    'https://169.254.169.254/latest',
    'https://[::1]/authorize',
    'https://192.168.0.1/admin',
    'file:///etc/passwd',
    '',
  ])('refuses %j in any endpoint', (address) => {
    for (const name of [
      'authorization_endpoint',
      'token_endpoint',
      'registration_endpoint',
      'revocation_endpoint',
    ]) {
      const problem = problemOf(() => checkEndpoints({ ...good, [name]: address }, 'public'));
      expect(problem?.code).toBe('sign_in_bad_response');
      expect(problem?.message).toContain(name);
    }
  });

  it('allows http and this machine under the local policy, and nothing but http', () => {
    const at = (authorization_endpoint: string) =>
      problemOf(() => checkEndpoints({ authorization_endpoint }, 'local'));
    expect(at('http://127.0.0.1:3000/authorize')).toBeNull();
    expect(at('javascript:alert(1)')?.code).toBe('sign_in_bad_response');
    expect(at('http://user:pass@127.0.0.1/authorize')?.code).toBe('sign_in_bad_response');
  });
});

describe('requirePkce', () => {
  it('takes S256 among others, and a list that is absent', () => {
    for (const metadata of [
      undefined,
      {},
      { code_challenge_methods_supported: ['S256'] },
      { code_challenge_methods_supported: ['plain', 'S256'] },
    ])
      expect(problemOf(() => requirePkce(metadata))).toBeNull();
  });

  it.each([[['plain']], [[]], ['none'], [null], [['s256']]])('refuses %j', (methods) => {
    const problem = problemOf(() => requirePkce({ code_challenge_methods_supported: methods }));
    expect(problem?.code).toBe('sign_in_unsupported');
    expect(problem?.message).toContain('PKCE');
  });
});
