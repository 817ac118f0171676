import { Image, type ImageFsInfoResponse, type Int64Value } from '@crihub/wire/cri';
import type { Clock } from '@crihub/kernel';
import { phaseSubject } from '../../lifecycle/phase-subject.ts';
import { type PhaseObserver, timed } from '../../lifecycle/phases.ts';
import type { Records } from '../../records/records.ts';
import { sandboxKey } from '../../records/sandbox-record.ts';
import type { ImageCopies } from '../../router/image-copies.ts';
import { EncodedList } from '../lists/encoded-list.ts';
import { required } from '../parse/check.ts';
import { imageSpec } from '../render/container.ts';
import type { CriHandlers } from '../server/index.ts';
import type { DescribedImage, ImageService } from './image-service.ts';

export interface ImageMethodDeps {
  readonly images: ImageService;
  /** Whether a container was made from the image, or mounts it. */
  readonly inUse: (imageId: string) => boolean;
  readonly copies: Pick<ImageCopies, 'remove'>;
  readonly records: Pick<Records, 'sandboxes'>;
  readonly phases: PhaseObserver;
  readonly clock: Clock;
}

/** The image service. */
export function imageMethods({
  images,
  inUse,
  copies,
  records,
  phases,
  clock,
}: ImageMethodDeps): CriHandlers['image'] {
  const list = new EncodedList<DescribedImage>((image) => Image.encode(renderImage(image)).finish());
  const matching = (reference: string): readonly DescribedImage[] => {
    if (reference === '') return images.list();
    const image = images.find(reference);
    return image === undefined ? [] : [image];
  };
  return {
    ListImages: async ({ filter }) => list.response(matching(filter?.image?.image ?? '')),
    StreamImages: async function* ({ filter }) {
      yield* list.chunks(matching(filter?.image?.image ?? ''));
    },
    ImageStatus: async ({ image, verbose }) => {
      const found = images.find(required(image?.image, 'image.image'));
      if (found === undefined) return { image: undefined, info: {} };
      return {
        image: renderImage(found),
        info: verbose ? { info: JSON.stringify({ imageSpec: found.config }) } : {},
      };
    },
    PullImage: async ({ image, auth, sandboxConfig }, { signal }) => {
      const reference = required(image?.image, 'image.image');
      const pull = (): Promise<string> => images.pull(reference, { credentials: auth, signal });
      const metadata = sandboxConfig?.metadata;
      // The kubelet says for which pod it pulls; others do not.
      const pod = metadata && records.sandboxes.withKey(sandboxKey(metadata));
      const imageRef = pod ? timed(phases, phaseSubject(pod), 'image', pull) : pull();
      return { imageRef: await imageRef };
    },
    RemoveImage: async ({ image }) => {
      const reference = required(image?.image, 'image.image');
      const found = images.find(reference);
      if (found === undefined) return {};
      await images.remove(reference, inUse);
      await copies.remove(found.id);
      return {};
    },
    ImageFsInfo: async () => renderFilesystem(await images.usage(), clock.nowNs()),
  };
}

function renderImage(image: DescribedImage): Image {
  const { uid, username } = imageUser(image.user);
  return {
    id: image.id,
    repoTags: image.repoTags,
    repoDigests: image.repoDigests,
    size: BigInt(image.sizeBytes),
    uid,
    username,
    spec: imageSpec(''),
    pinned: image.pinned,
  };
}

/** The user part of the image's `User` (`user[:group]`): a number or a name. */
function imageUser(user: string): { readonly uid: Int64Value | undefined; readonly username: string } {
  const name = user.split(':', 1)[0] ?? '';
  return /^\d+$/.test(name)
    ? { uid: { value: BigInt(name) }, username: '' }
    : { uid: undefined, username: name };
}

function renderFilesystem(
  { directory, usedBytes, inodesUsed }: Awaited<ReturnType<ImageService['usage']>>,
  timestamp: bigint,
): ImageFsInfoResponse {
  const usage = {
    timestamp,
    fsId: { mountpoint: directory },
    usedBytes: { value: BigInt(usedBytes) },
    inodesUsed: { value: BigInt(inodesUsed) },
  };
  return { imageFilesystems: [usage], containerFilesystems: [usage] };
}
