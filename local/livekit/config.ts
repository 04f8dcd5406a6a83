export interface LivekitSettings {
  ports: { livekit: number; livekitUdp: number };
  apiKey: string;
  apiSecret: string;
}

/**
 * Returns the server's configuration: loopback only, one UDP port for all media. It is JSON, which is also YAML, for the
 * environment variable LIVEKIT_CONFIG, so that no key is on a command line or in a file.
 */
export function livekitConfig({ ports, apiKey, apiSecret }: LivekitSettings): string {
  return JSON.stringify({
    port: ports.livekit,
    bind_addresses: ['127.0.0.1'],
    rtc: {
      // TCP would listen on every address; on loopback, UDP always works.
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
