/** A text in which home directories, this user's and those of others, are `~`. */
export function shortenHomes(text: string, home: string): string {
  const own = home.length > 1 ? text.replaceAll(JSON.stringify(home).slice(1, -1), '~') : text;
  return own.replaceAll(/\/(?:home|Users)\/[^/\s"']+/g, '~');
}
