/** The path to go to after signing in. Anything but a path of this site becomes "/", to prevent open redirects. */
export function nextPath(next: unknown): string {
	if (typeof next !== "string" || !/^\/(?![/\\])[^\s\\]*$/.test(next)) return "/";
	return next;
}
