/** Counters of one network interface since it was made. */
export interface InterfaceStatistics {
  readonly name: string;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
}

/** Parses `/proc/net/dev`: two lines of titles, then eight receive and eight transmit counters a line. */
export function parseInterfaceStatistics(text: string): readonly InterfaceStatistics[] {
  return text
    .split('\n')
    .filter((line) => line.includes(':'))
    .map((line) => {
      const colon = line.lastIndexOf(':'); // an alias has one in its name
      const counters = line
        .slice(colon + 1)
        .trim()
        .split(/\s+/)
        .map(Number);
      const counter = (index: number): number => counters[index] ?? 0;
      return {
        name: line.slice(0, colon).trim(),
        receivedBytes: counter(0),
        receivedPackets: counter(1),
        receiveErrors: counter(2),
        receiveDropped: counter(3),
        sentBytes: counter(8),
        sentPackets: counter(9),
        sendErrors: counter(10),
        sendDropped: counter(11),
      };
    });
}
