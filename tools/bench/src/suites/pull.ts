import { pullImage } from '@crihub/tool-fixtures';
import { ImageServiceService, ImageSpec, RemoveImageRequest } from '@crihub/wire/cri';
import type { Suite } from '../suite.ts';
import { LARGE_IMAGE } from '../subject.ts';

const ROUNDS = 3;

export const pull: Suite = {
  name: 'pull',
  about: 'PullImage of 200 MiB in eight layers from a registry on this machine, unpacked.',
  measure: async (subjects, { say }) => {
    say(`${String(ROUNDS)} pulls of a large image`);
    // The image store is the daemon's, whatever the handler.
    const daemons = new Map(subjects.toReversed().map((subject) => [subject.daemon, subject]));
    for (let round = 0; round < ROUNDS; round += 1)
      for (const { daemon, recorder } of [...daemons.values()].toReversed()) {
        await recorder.time('PullImage', async () => pullImage(daemon.cri, LARGE_IMAGE));
        const image = ImageSpec.create({ image: LARGE_IMAGE });
        await recorder.time('RemoveImage', async () =>
          daemon.cri.call(ImageServiceService.removeImage, RemoveImageRequest.create({ image })),
        );
      }
  },
};
