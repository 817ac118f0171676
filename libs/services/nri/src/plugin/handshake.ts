import { RuntimeError, withDeadline, untilAborted } from '@crihub/kernel';
import { PluginService } from '@crihub/wire/nri';
import { ALL_EVENTS } from './events.ts';
import type { Plugin } from './plugin.ts';

export interface HandshakeOptions {
  readonly runtimeName: string;
  readonly runtimeVersion: string;
  readonly registrationTimeoutMs: number;
  readonly requestTimeoutMs: number;
}

/** The version of the interface that is spoken here. */
const NRI_VERSION = 'v0.12.0';

/**
 * Waits until a plugin has registered, configures it and learns what it wants to hear of.
 * @throws DeadlineExceeded, Unavailable if it leaves, InvalidArgument for a subscription to what there is not.
 */
export async function shakeHands(plugin: Plugin, options: HandshakeOptions): Promise<void> {
  const { runtimeName, runtimeVersion, registrationTimeoutMs, requestTimeoutMs } = options;
  await withDeadline('registration of an NRI plugin', registrationTimeoutMs, undefined, (signal) =>
    untilAborted(plugin.registered, signal),
  );
  const { events } = await plugin.call(
    PluginService.configure,
    {
      config: '',
      runtimeName,
      runtimeVersion,
      registrationTimeout: BigInt(registrationTimeoutMs),
      requestTimeout: BigInt(requestTimeoutMs),
      NRIVersion: NRI_VERSION,
    },
    requestTimeoutMs,
  );
  if ((events & ~ALL_EVENTS) !== 0)
    throw new RuntimeError(
      'InvalidArgument',
      `plugin ${plugin.name} subscribes to events 0x${events.toString(16)}`,
    );
  plugin.events = events === 0 ? ALL_EVENTS : events;
}
