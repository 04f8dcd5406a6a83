import type { Page } from '@playwright/test';

interface Ear {
  /** Milliseconds of performance.now at which the remote track was loud, newest last. */
  loudAtMs: number[];
}

/**
 * Lets a test hear the agent: every remote audio track of the page is measured (root mean square over 20 ms).
 * Call it before the page is loaded. It listens beside the page's own player and changes nothing in it.
 */
export async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const ear: Ear = { loudAtMs: [] };
    Object.assign(window, { __ear: ear });
    const Original = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(configuration?: RTCConfiguration) {
        super(configuration);
        this.addEventListener('track', ({ track }) => {
          if (track.kind !== 'audio') return;
          const context = new AudioContext();
          const analyser = context.createAnalyser();
          analyser.fftSize = 1024;
          context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
          const wave = new Float32Array(analyser.fftSize);
          setInterval(() => {
            analyser.getFloatTimeDomainData(wave);
            const power = wave.reduce((sum, value) => sum + value * value, 0) / wave.length;
            if (Math.sqrt(power) > 0.01) ear.loudAtMs.push(performance.now());
          }, 20);
        });
      }
    };
  });
}

/** How many of the last `windowMs` milliseconds the agent's voice was heard in, in steps of 20 ms. */
export async function heardMs(page: Page, windowMs: number): Promise<number> {
  return page.evaluate((window_) => {
    const { __ear } = window as unknown as { __ear: Ear };
    const since = performance.now() - window_;
    return __ear.loudAtMs.filter((at) => at >= since).length * 20;
  }, windowMs);
}
