export interface Device {
  id: string;
  label: string;
}

type Kind = 'microphone' | 'speaker';

const DEFAULT_DEVICE = 'default';
const KEYS: Record<Kind, string> = { microphone: 'patchbay.microphone', speaker: 'patchbay.speaker' };

/** The chosen microphone and speaker, remembered in this browser. */
export class Devices {
  microphones = $state.raw<Device[]>([]);
  /** Empty if the browser can't switch speakers. */
  speakers = $state.raw<Device[]>([]);
  microphoneId = $state(DEFAULT_DEVICE);
  speakerId = $state(DEFAULT_DEVICE);

  /** Reads remembered and connected devices, and follows changes. */
  follow(): () => void {
    this.microphoneId = remembered('microphone');
    this.speakerId = remembered('speaker');
    const media = navigator.mediaDevices as MediaDevices | undefined;
    if (!media) return () => undefined;
    const refresh = () => void this.refresh();
    refresh();
    media.addEventListener('devicechange', refresh);
    return () => media.removeEventListener('devicechange', refresh);
  }

  /** Browsers name devices only after the first permission, so call this again then. */
  async refresh(): Promise<void> {
    const found = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    this.microphones = devicesOf(found, 'audioinput');
    this.speakers = 'setSinkId' in HTMLMediaElement.prototype ? devicesOf(found, 'audiooutput') : [];
  }

  choose(kind: Kind, id: string): void {
    if (kind === 'microphone') this.microphoneId = id;
    else this.speakerId = id;
    try {
      localStorage.setItem(KEYS[kind], id);
    } catch {
      // Without storage, the choice lasts until the page closes.
    }
  }
}

/** Devices of one kind that have a name; without a permission none have one. */
export function devicesOf(
  found: readonly Pick<MediaDeviceInfo, 'kind' | 'deviceId' | 'label'>[],
  kind: MediaDeviceKind,
): Device[] {
  return found
    .filter((device) => device.kind === kind && device.deviceId !== '' && device.label !== '')
    .map(({ deviceId, label }) => ({ id: deviceId, label }));
}

/** The remembered device if it is connected, otherwise the browser's default. */
export function presentDevice(id: string, devices: readonly Device[]): string {
  return devices.some((device) => device.id === id) ? id : DEFAULT_DEVICE;
}

function remembered(kind: Kind): string {
  try {
    return localStorage.getItem(KEYS[kind]) ?? DEFAULT_DEVICE;
  } catch {
    return DEFAULT_DEVICE;
  }
}
