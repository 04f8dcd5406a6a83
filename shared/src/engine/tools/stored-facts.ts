/** What a server says of itself, within the limits of what is stored: it is shown, and no more. */
import type { JsonObject } from '../../contract/json/json-object.ts';
import { STORAGE_LIMITS, bytesOf, firstBytes, jsonBytes } from '../../contract/json/stored-size.ts';
import type { SessionFacts } from '../session/session-facts.ts';

/** In UTF-8; the specification writes a date. */
const MAX_VERSION = 64;
/** Of a name or version that was part of too much else. */
const MAX_TEXT = 256;
/** Capabilities that are kept by name when all of what is said of them is too much. */
const MAX_CAPABILITIES = 20;

/** The facts as they can be stored; those that fit are the same objects. */
export function storedFacts(facts: SessionFacts): SessionFacts {
  const { protocolVersion, serverInfo, capabilities, instructions } = facts;
  return {
    protocolVersion: protocolVersion && firstBytes(protocolVersion, MAX_VERSION),
    serverInfo: serverInfo && storedInfo(serverInfo),
    capabilities: capabilities && storedCapabilities(capabilities),
    instructions: instructions && storedInstructions(instructions),
  };
}

function storedInstructions(text: string): string {
  const bytes = bytesOf(text);
  if (bytes <= STORAGE_LIMITS.instructions) return text;
  const note = `\n[Cut here: the server sent ${bytes} bytes.]`;
  return firstBytes(text, STORAGE_LIMITS.instructions - note.length) + note;
}

function storedInfo(info: JsonObject): JsonObject {
  if (jsonBytes(info) <= STORAGE_LIMITS.serverInfo) return info;
  const texts = ['name', 'title', 'version'].flatMap((key) => {
    const value = info[key];
    return typeof value === 'string' ? [[key, firstBytes(value, MAX_TEXT)] as const] : [];
  });
  return Object.fromEntries(texts);
}

function storedCapabilities(capabilities: JsonObject): JsonObject {
  if (jsonBytes(capabilities) <= STORAGE_LIMITS.capabilities) return capabilities;
  const names = Object.keys(capabilities).slice(0, MAX_CAPABILITIES);
  return Object.fromEntries(names.map((name) => [firstBytes(name, MAX_VERSION), {}]));
}
