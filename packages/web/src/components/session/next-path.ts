/** Where to go after signing in: a path of this site, and nothing that a browser could read as another one. */
export function nextPath(next: unknown): string {
	if (typeof next !== "string" || !/^\/(?![/\\])[^\s\\]*$/.test(next)) return "/";
	return next;
}
