import { TOPIC_ACTIVITY, TOPIC_TRANSCRIPTION } from '@patchbay/shared/contract/room-topics';
import type { RemoteAudioTrack, Room, TextStreamReader } from 'livekit-client';

interface Caption {
  add: (words: string) => void;
  end: () => void;
}

export interface RoomListener {
  onCaption: (who: 'user' | 'agent', segmentId: string) => Caption;
  onActivity: (text: string) => void;
  onAgentState: (state: string) => void;
  onAgentSound: (track: RemoteAudioTrack) => void;
  onAgentSilence: () => void;
  onSoundBlocked: (isBlocked: boolean) => void;
  onConnection: (state: 'reconnecting' | 'connected') => void;
  /** @param reason LiveKit's name for it */
  onClosed: (reason: string) => void;
}

/** Registers all listeners of a room. Call it before connecting. */
export function listenToRoom(room: Room, lk: typeof import('livekit-client'), listener: RoomListener): void {
  room.registerTextStreamHandler(TOPIC_TRANSCRIPTION, (reader, { identity }) => {
    const who = identity === room.localParticipant.identity ? 'user' : 'agent';
    const segmentId = reader.info.attributes?.['lk.segment_id'] ?? reader.info.id;
    void readCaption(reader, listener.onCaption(who, segmentId));
  });
  room.registerTextStreamHandler(TOPIC_ACTIVITY, (reader) => {
    // Ignore a message that the end of the room cut off.
    reader.readAll().then(listener.onActivity, () => undefined);
  });

  const elements = new Map<string, HTMLMediaElement>();
  room
    .on(lk.RoomEvent.TrackSubscribed, (track, _publication, participant) => {
      if (!(track instanceof lk.RemoteAudioTrack)) return;
      const element = track.attach();
      element.hidden = true;
      document.body.append(element);
      if (track.sid) elements.set(track.sid, element);
      if (participant.isAgent) listener.onAgentSound(track);
    })
    .on(lk.RoomEvent.TrackUnsubscribed, (track, _publication, participant) => {
      for (const element of track.detach()) element.remove();
      if (participant.isAgent) listener.onAgentSilence();
    })
    .on(lk.RoomEvent.AudioPlaybackStatusChanged, () => listener.onSoundBlocked(!room.canPlaybackAudio))
    .on(lk.RoomEvent.ParticipantAttributesChanged, (_changed, participant) => {
      const state = participant.attributes['lk.agent.state'];
      if (participant.isAgent && state) listener.onAgentState(state);
    })
    .on(lk.RoomEvent.ParticipantConnected, (participant) => {
      const state = participant.attributes['lk.agent.state'];
      if (participant.isAgent && state) listener.onAgentState(state);
    })
    .on(lk.RoomEvent.SignalReconnecting, () => listener.onConnection('reconnecting'))
    .on(lk.RoomEvent.Reconnecting, () => listener.onConnection('reconnecting'))
    .on(lk.RoomEvent.Reconnected, () => listener.onConnection('connected'))
    .on(lk.RoomEvent.Disconnected, (reason) => {
      for (const element of elements.values()) element.remove();
      elements.clear();
      listener.onClosed(reason === undefined ? 'UNKNOWN_REASON' : lk.DisconnectReason[reason]);
    });
}

async function readCaption(reader: TextStreamReader, caption: Caption): Promise<void> {
  try {
    for await (const words of reader) caption.add(words);
  } catch {
    // The room closed in mid-sentence; keep what arrived.
  } finally {
    caption.end();
  }
}
