import { errnoCode } from '@crihub/kernel';
import { LocalFiles } from '@crihub/service-oci-containers';
import { readBoundedFile } from '@crihub/service-oci';

const LARGEST_REPORT_BYTES = 64;

/** What guests report, as this host reads it: a few digits, or nothing that is believed. */
export class ReportFiles extends LocalFiles {
  override async read(path: string): Promise<string | undefined> {
    try {
      return await readBoundedFile(path, LARGEST_REPORT_BYTES);
    } catch (error) {
      if (errnoCode(error) === 'ENOENT') return undefined;
      return ''; // a link, a directory, a file without end: no report of conmon's
    }
  }
}
