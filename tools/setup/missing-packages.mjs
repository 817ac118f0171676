import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * The packages of package-lock.json that are not installed in the wanted version, by comparing it with
 * the record that npm keeps of what it installed. Empty when there is nothing to do. Packages for other
 * platforms are optional and may be absent.
 */
export function missingPackages(root) {
  const wanted = readLock(path.join(root, 'package-lock.json'));
  const installed = readLock(path.join(root, 'node_modules/.package-lock.json'));
  return Object.keys(wanted).filter((name) => {
    if (name === '' || !name.includes('node_modules/')) return false;
    const [want, have] = [wanted[name], installed[name]];
    // npm writes such entries and then installs nothing for them.
    if (want.extraneous === true) return false;
    if (have === undefined) return want.optional !== true && fitsThisMachine(want);
    return want.version !== have.version || want.integrity !== have.integrity;
  });
}

const fitsThisMachine = ({ os, cpu }) =>
  (os === undefined || os.includes(process.platform)) && (cpu === undefined || cpu.includes(process.arch));

const readLock = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {});
