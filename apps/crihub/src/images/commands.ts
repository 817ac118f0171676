import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { examples } from '../output/examples.ts';
import type { CredentialOptions } from './credentials.ts';
import { listImages } from './list-images.ts';
import { loadImages } from './load-images.ts';
import { pullImage } from './pull-image.ts';
import { removeImages } from './remove-images.ts';

/** Adds `crihub images`. */
export function addImageCommands(program: Command, context: Context): void {
  const images = program
    .command('images')
    .description('the images of the node, which all handlers share')
    .addHelpText('after', examples('crihub images', 'crihub images pull registry.k8s.io/pause:3.10'));
  images
    .command('list', { isDefault: true })
    .alias('ls')
    .description('list the images')
    .addHelpText('after', examples('crihub images list', 'crihub images list -o json'))
    .action(async () => await listImages(context));
  images
    .command('pull')
    .description(
      'fetch an image from its registry\n' +
        "Without --username, the credentials are those of the daemon's Docker config.json, if any.",
    )
    .argument('<reference>', 'name of the image, with tag or digest')
    .option('-u, --username <name>', 'user at the registry')
    .option('--password-stdin', 'take the password from standard input')
    .addHelpText(
      'after',
      examples(
        'crihub images pull nginx:1.27',
        'crihub images pull -u ann --password-stdin registry.example/app:1 < password.txt',
      ),
    )
    .action(
      async (reference: string, options: CredentialOptions) => await pullImage(context, reference, options),
    );
  images
    .command('load')
    .description('load the images of a docker-archive or OCI-layout tar, plain or compressed')
    .argument('<file>', 'the archive, on the node')
    .addHelpText('after', examples('docker save app:1 > app.tar && crihub images load app.tar'))
    .action(async (file: string) => await loadImages(context, file));
  images
    .command('rm')
    .description('remove images with all their names; one that a container uses is refused')
    .argument('<reference...>', 'name or id of an image')
    .addHelpText('after', examples('crihub images rm nginx:1.27', 'crihub images rm 0a1b2c3d'))
    .action(async (references: string[]) => await removeImages(context, references));
}
