import { PageConfig } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';
import type { IRunServer } from './tokens';

/** Where the server's files are on its disk: what kernels call a path, and what the contents API calls it. */
export class ServerPaths {
  private constructor(private readonly root: string | null) {}

  /** Ask the server for its root folder. */
  static async of({ api }: IRunServer): Promise<ServerPaths> {
    const told = await api.version().catch(() => null);
    const configured = PageConfig.getOption('serverRoot'); // below the home folder it is `~/…`, and nobody says where that is
    return new ServerPaths(told?.root ?? (isAbsolute(configured) ? configured : null));
  }

  /** The path on the disk of what the contents API calls by this path; null where that can't be known. */
  absolute(contents: Contents.IManager, path: string): string | null {
    const drive = contents.driveName(path);
    if (this.root === null || !['', 'RTC'].includes(drive)) return null; // RTC: the same files, edited together
    return `${this.root.replace(/\/+$/, '')}/${contents.localPath(path)}`;
  }

  /** What the contents API calls a path on the disk; null if that isn't below the server's root. */
  local(path: string): string | null {
    if (this.root === null) return null;
    const root = `${this.root.replace(/\/+$/, '')}/`;
    return path.startsWith(root) ? path.slice(root.length) : null;
  }
}

function isAbsolute(path: string): boolean {
  return path.startsWith('/') || /^[A-Za-z]:[\\/]/.test(path);
}
