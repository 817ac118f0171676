import { isIP } from 'node:net';
import { RuntimeError } from '@crihub/kernel';

export interface PortMapping {
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  readonly containerPort: number;
  /** 0: not reachable through the host, and nothing is mapped. */
  readonly hostPort: number;
  /** Empty or absent: all addresses of the host. */
  readonly hostIp?: string | undefined;
}

/** An entry of the `portMappings` capability. */
export interface CniPortMapping {
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: string;
  readonly hostIP: string;
}

/** The mappings that concern the host. @throws InvalidArgument for ports and addresses that can't be. */
export const toCniPortMappings = (mappings: readonly PortMapping[]): readonly CniPortMapping[] =>
  mappings.filter(({ hostPort }) => hostPort !== 0).map(toCniPortMapping);

function toCniPortMapping({ protocol, containerPort, hostPort, hostIp = '' }: PortMapping): CniPortMapping {
  requirePort('host port', hostPort);
  requirePort('container port', containerPort);
  if (hostIp !== '' && isIP(hostIp) === 0) {
    throw new RuntimeError('InvalidArgument', `host IP ${JSON.stringify(hostIp)} is not an IP address`);
  }
  return { hostPort, containerPort, protocol, hostIP: hostIp };
}

function requirePort(what: string, port: number): void {
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return;
  throw new RuntimeError('InvalidArgument', `${what} ${String(port)} is not between 1 and 65535`);
}
