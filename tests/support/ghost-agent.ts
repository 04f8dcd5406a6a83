/** Arguments: LiveKit URL, token. Prints a line once it has joined. Killed, it leaves the ghost of a crashed job. */
import { Room } from '@livekit/rtc-node';

const [url = '', token = ''] = process.argv.slice(2);
await new Room().connect(url, token, { autoSubscribe: false, dynacast: false });
console.log('joined');
setInterval(() => undefined, 60_000);
