import type { LaunchOptions } from '@playwright/test';

/**
 * How the tests start Chromium: quietly, without lookups on the network.
 *
 * @param more further flags, such as those of a fake microphone
 */
export function browserOptions(more: readonly string[] = []): LaunchOptions {
  const executablePath = process.env.PATCHBAY_CHROMIUM;
  return {
    ...(executablePath ? { executablePath } : {}),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  };
}
