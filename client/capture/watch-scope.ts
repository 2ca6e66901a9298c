/**
 * The one difference between the platforms: how much a single `fs.watch` covers.
 *
 * `directory`: the directory's own entries (inotify). Every directory gets a watch of its own.
 * `tree`: everything below (FSEvents). Only the roots get one, and a notice carries the path below the root.
 *
 * Node offers `recursive` on Linux too, but builds it from directory watches of its own and misses what happens in new
 * directories before they are attached; here each directory is scanned after its watch is, so nothing is missed.
 */
export type WatchScope = 'directory' | 'tree';

export function platformWatchScope(platform: NodeJS.Platform = process.platform): WatchScope {
  return platform === 'darwin' ? 'tree' : 'directory';
}
