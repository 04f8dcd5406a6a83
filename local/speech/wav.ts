export interface Sound {
  pcm: Int16Array;
  sampleRateHz: number;
}

/**
 * Returns a WAV file (16-bit mono PCM), such as Chromium's fake microphone plays.
 * @param sampleRateHz rate of `pcm`; 24,000 is that of `speak`
 */
export function writeWav(pcm: Int16Array, sampleRateHz = 24_000): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + pcm.byteLength, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE(sampleRateHz * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(pcm.byteLength, 40);
  return Buffer.concat([header, Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength)]);
}

/**
 * Reads a 16-bit mono PCM WAV file.
 * @throws Error if it is another kind of file
 */
export function readWav(bytes: Uint8Array): Sound {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.toString('latin1', 0, 4) !== 'RIFF' || file.toString('latin1', 8, 12) !== 'WAVE') {
    throw new Error('not a WAV file');
  }
  let sampleRateHz = 0;
  for (let at = 12; at + 8 <= file.length;) {
    const name = file.toString('latin1', at, at + 4);
    const size = file.readUInt32LE(at + 4);
    const body = at + 8;
    if (name === 'fmt ') {
      const pcm16Mono = file.readUInt16LE(body) === 1 && file.readUInt16LE(body + 2) === 1;
      if (!pcm16Mono || file.readUInt16LE(body + 14) !== 16) throw new Error('not 16-bit mono PCM');
      sampleRateHz = file.readUInt32LE(body + 4);
    } else if (name === 'data') {
      if (!sampleRateHz) throw new Error('WAV data before its format');
      const length = Math.min(size, file.length - body) & ~1;
      const pcm = new Int16Array(length / 2);
      for (let i = 0; i < pcm.length; i++) pcm[i] = file.readInt16LE(body + 2 * i);
      return { pcm, sampleRateHz };
    }
    at = body + size + (size & 1);
  }
  throw new Error('WAV file without data');
}
