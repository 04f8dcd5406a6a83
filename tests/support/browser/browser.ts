import type { LaunchOptions } from '@playwright/test';

/**
 * How the stories start Chromium: quietly, without looking anything up on the network.
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
