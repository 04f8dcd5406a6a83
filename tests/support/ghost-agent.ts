/**
 * Joins a room as an agent and stays until it is killed: then it is the ghost that a crashed job leaves behind.
 * Arguments: LiveKit address, token. Prints a line when it is in the room.
 */
import { Room } from '@livekit/rtc-node';

const [url = '', token = ''] = process.argv.slice(2);
await new Room().connect(url, token, { autoSubscribe: false, dynacast: false });
console.log('joined');
setInterval(() => undefined, 60_000);
