import { describe, expect, it } from 'vitest';
import { devicesOf, presentDevice } from './devices.svelte.ts';

const found = [
  { kind: 'audioinput', deviceId: 'default', label: 'Default' },
  { kind: 'audioinput', deviceId: 'usb', label: 'Headset' },
  { kind: 'audiooutput', deviceId: 'hdmi', label: 'Screen' },
  { kind: 'videoinput', deviceId: 'cam', label: 'Camera' },
] as const;

describe('devices', () => {
  it('are listed by kind', () => {
    expect(devicesOf(found, 'audioinput').map(({ label }) => label)).toEqual(['Default', 'Headset']);
    expect(devicesOf(found, 'audiooutput')).toEqual([{ id: 'hdmi', label: 'Screen' }]);
  });

  it('are not offered before the first permission, when they have no names', () => {
    expect(devicesOf([{ kind: 'audioinput', deviceId: '', label: '' }], 'audioinput')).toEqual([]);
  });

  it('fall back to the default when the remembered one is not plugged in', () => {
    const microphones = devicesOf(found, 'audioinput');
    expect(presentDevice('usb', microphones)).toBe('usb');
    expect(presentDevice('unplugged', microphones)).toBe('default');
  });
});
