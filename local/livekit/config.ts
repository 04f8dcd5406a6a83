export interface LivekitSettings {
  ports: { livekit: number; livekitUdp: number };
  apiKey: string;
  apiSecret: string;
}

/**
 * The server's configuration: on loopback only, one UDP port for all media. It is JSON, which is YAML too, and goes
 * to the server by the environment variable LIVEKIT_CONFIG: keys belong neither on a command line nor in a file.
 */
export function livekitConfig({ ports, apiKey, apiSecret }: LivekitSettings): string {
  return JSON.stringify({
    port: ports.livekit,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      // It would listen on every address of the machine; on loopback UDP always gets through.
      tcp_port: 0,
      udp_port: ports.livekitUdp,
      node_ip: '127.0.0.1',
      use_external_ip: false,
      enable_loopback_candidate: true,
      ips: { includes: ['127.0.0.1/32'] },
    },
    keys: { [apiKey]: apiSecret },
    logging: { level: 'info', json: true },
  });
}
