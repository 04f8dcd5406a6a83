/** LiveKit text-stream topics of a room. Apart from the schemas, whose module would bring zod into the page. */
export const TOPIC_ACTIVITY = 'patchbay.activity';
export const TOPIC_CHAT = 'lk.chat';
export const TOPIC_TRANSCRIPTION = 'lk.transcription';
