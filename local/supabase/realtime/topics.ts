import type { Frame } from './frames.ts';

export interface Subscriber {
  /** The client's topic, with the prefix `realtime:`. */
  channelTopic: string;
  send(frame: Frame): void;
}

/** As on hosted Realtime, private and public channels of one name are separate. */
export interface Topics {
  add(topic: string, isPrivate: boolean, subscriber: Subscriber): void;
  remove(topic: string, isPrivate: boolean, subscriber: Subscriber): void;
  broadcast(topic: string, isPrivate: boolean, payload: BroadcastPayload, except?: Subscriber): void;
}

interface BroadcastPayload {
  type: 'broadcast';
  event: string;
  payload: unknown;
  meta?: { id: string };
}

export function createTopics(): Topics {
  const subscribers = new Map<string, Set<Subscriber>>();
  const keyOf = (topic: string, isPrivate: boolean): string => `${isPrivate ? 'private' : 'public'}:${topic}`;
  return {
    add(topic, isPrivate, subscriber) {
      const key = keyOf(topic, isPrivate);
      const there = subscribers.get(key);
      if (there) there.add(subscriber);
      else subscribers.set(key, new Set([subscriber]));
    },
    remove(topic, isPrivate, subscriber) {
      const key = keyOf(topic, isPrivate);
      const there = subscribers.get(key);
      there?.delete(subscriber);
      if (there?.size === 0) subscribers.delete(key);
    },
    broadcast(topic, isPrivate, payload, except) {
      for (const subscriber of subscribers.get(keyOf(topic, isPrivate)) ?? []) {
        if (subscriber === except) continue;
        subscriber.send({
          joinRef: null,
          ref: null,
          topic: subscriber.channelTopic,
          event: 'broadcast',
          payload,
        });
      }
    },
  };
}
