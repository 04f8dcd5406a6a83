// A rough count: four characters per token, 10 tokens per second of input audio and 20 of output.

export interface InputTokens {
  text_tokens: number;
  audio_tokens: number;
  image_tokens: 0;
  cached_tokens: 0;
}

export interface Usage {
  total_tokens: number;
  input_tokens: number;
  output_tokens: number;
  input_token_details: InputTokens;
  output_token_details: { text_tokens: number; audio_tokens: number };
}

/** @param texts what the model read; @param heardMs sound since the response before */
export function countInput(texts: unknown[], heardMs: number): InputTokens {
  const characters = texts.reduce<number>((sum, text) => sum + JSON.stringify(text).length, 0);
  return {
    text_tokens: Math.ceil(characters / 4),
    audio_tokens: Math.ceil(heardMs / 100),
    image_tokens: 0,
    cached_tokens: 0,
  };
}

/** @param said what the response said or called; @param spokenMs its sound */
export function countUsage(input: InputTokens, said: string, spokenMs: number): Usage {
  const output = { text_tokens: Math.ceil(said.length / 4), audio_tokens: Math.ceil(spokenMs / 50) };
  const input_tokens = input.text_tokens + input.audio_tokens;
  const output_tokens = output.text_tokens + output.audio_tokens;
  return {
    total_tokens: input_tokens + output_tokens,
    input_tokens,
    output_tokens,
    input_token_details: input,
    output_token_details: output,
  };
}
