import { describeError, type Logger, withDeadline } from '@crihub/kernel';
import type { Handlers } from './handlers.ts';

/** The copies of the hub's images that backends keep in stores of their own. */
export class ImageCopies {
  readonly #handlers: Pick<Handlers, 'all'>;
  readonly #logger: Logger;

  constructor(deps: { readonly handlers: Pick<Handlers, 'all'>; readonly logger: Logger }) {
    this.#handlers = deps.handlers;
    this.#logger = deps.logger;
  }

  /** Takes a removed image from all of them. A copy is a cache: one that can't be removed now is only logged. */
  async remove(imageId: string): Promise<void> {
    await Promise.all(
      this.#handlers.all().map(async ({ name, backend, timeouts }) => {
        const { imageCopies } = backend;
        if (imageCopies === undefined) return;
        try {
          await withDeadline(`remove image ${imageId}`, timeouts.callMs, undefined, (signal) =>
            imageCopies.remove(imageId, signal),
          );
        } catch (error) {
          this.#logger.warn("a backend's copy of an image could not be removed", {
            handler: name,
            image: imageId,
            error: describeError(error),
          });
        }
      }),
    );
  }
}
