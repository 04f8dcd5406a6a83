/**
 * Yields the JSON objects of a streamed response (NDJSON) as they arrive.
 * @throws TypeError when the connection breaks, SyntaxError when a line is not JSON
 */
export async function* readNdjson<Line>(body: ReadableStream<Uint8Array>): AsyncGenerator<Line> {
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      rest += value ?? '';
      const lines = rest.split('\n');
      rest = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line.trim()) yield JSON.parse(line) as Line; // Our own endpoint.
      if (done) return;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}
