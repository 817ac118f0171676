import { BoundedQueue } from '@crihub/kernel';
import type { ImageService, PullCredentials, PullProgress } from './image-service.ts';

export type PullNews = PullProgress | { readonly phase: 'pulled'; readonly imageId: string };

/**
 * Pulls an image and tells how far it is. Only the newest news is kept for a slow reader; the last one has
 * the image's id.
 */
export async function* pullStream(
  images: ImageService,
  reference: string,
  credentials: PullCredentials | undefined,
  signal: AbortSignal,
): AsyncGenerator<PullNews> {
  const news = new BoundedQueue<PullProgress>(1);
  const pull = images.pull(reference, {
    credentials,
    onProgress: (progress) => news.push(progress),
    signal,
  });
  const ended = pull.then(
    () => news.close(),
    () => news.close(), // said below, unless the reader has left
  );
  yield* news;
  await ended;
  yield { phase: 'pulled', imageId: await pull };
}
